//! The section `[backup]` of the settings.

use runtime::settings::{Findings, SecretRef, shown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Backups of everything that is stored, made by `sei backup create`, or on a schedule by `sei up` or `sei backup schedule`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// Whether backups are encrypted, with age. They hold names and addresses of people, and hashes of passwords.
    pub encrypt: bool,
    /// Where the key comes from that backups are encrypted with: an identity of age, as `age-keygen` makes one. Without it
    /// no backup can be restored: keep it elsewhere, too.
    #[schemars(example = SecretRef::File("/etc/sei/backup.key".into()))]
    pub identity: Option<SecretRef>,
    /// The number of backups that are kept: each new one that is made on the schedule deletes older ones beyond that.
    pub keep: usize,
    /// Where the passphrase comes from that backups are encrypted with, in place of an identity.
    #[schemars(example = SecretRef::Env("SEI_BACKUP_PASSPHRASE".to_owned()))]
    pub passphrase: Option<SecretRef>,
    /// Further recipients of age who can restore backups with identities of their own. They are taken when the first
    /// backup is made.
    #[schemars(example = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"])]
    pub recipients: Vec<String>,
    #[expect(missing_docs, reason = "the section is documented by its type")]
    pub s3: S3,
    /// When `sei up` and `sei backup schedule` make a backup, a cron expression in the time zone of `dora.time_zone`. Without
    /// it none is made by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"30 2 * * *")]
    pub schedule: Option<String>,
    /// Where backups are kept: a directory, or `s3://BUCKET/PREFIX`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"s3://backups/sei")]
    pub url: Option<String>,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            encrypt: true,
            identity: None,
            keep: 30,
            passphrase: None,
            recipients: Vec::new(),
            s3: S3::default(),
            schedule: None,
            url: None,
        }
    }
}

/// How S3 is reached for backups. What is not set here comes from where AWS's own tools have it: the variables
/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_REGION`, the role of a Kubernetes service account, or the
/// machine's.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    /// Where the id of the access key comes from.
    #[schemars(example = SecretRef::Env("BACKUP_KEY_ID".to_owned()))]
    pub access_key_id: Option<SecretRef>,
    /// The URL of a server that speaks S3, if it is not AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"https://minio.example.org")]
    pub endpoint: Option<String>,
    /// The region of the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"eu-central-1")]
    pub region: Option<String>,
    /// Where the secret of the access key comes from.
    #[schemars(example = SecretRef::File("/etc/sei/backup-s3.secret".into()))]
    pub secret_access_key: Option<SecretRef>,
}

impl Backup {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        findings.one_or_more("backup.keep", self.keep);
        if let Some(schedule) = &self.schedule {
            findings.schedule("backup.schedule", schedule);
        }
        if self.url.as_deref().is_some_and(|url| url.is_empty() || url.contains("://") && !url.starts_with("s3://")) {
            let url = self.url.as_deref().unwrap_or_default();
            findings.error("backup.url", shown(url), "a directory, or s3://BUCKET/PREFIX");
        }
        self.check_keys(findings);
        if let Some(endpoint) = &self.s3.endpoint
            && !endpoint.starts_with("https://")
            && !endpoint.starts_with("http://")
        {
            findings.error("backup.s3.endpoint", shown(endpoint), "a URL: https://HOST, or http://HOST");
        }
        let s3 = [("access_key_id", &self.s3.access_key_id), ("secret_access_key", &self.s3.secret_access_key)];
        for (name, reference) in s3 {
            if let Some(reference) = reference {
                findings.secret(format!("backup.s3.{name}"), reference);
            }
        }
    }

    fn check_keys(&self, findings: &mut Findings) {
        for (name, reference) in [("identity", &self.identity), ("passphrase", &self.passphrase)] {
            if let Some(reference) = reference {
                findings.secret(format!("backup.{name}"), reference);
            }
        }
        if self.identity.is_some() && self.passphrase.is_some() {
            findings.error("backup.passphrase", "backup.identity, too", "one of them");
        }
        if self.schedule.is_some() && self.url.is_none() {
            findings.error("backup.schedule", "no backup.url", "backup.url: a directory, or s3://BUCKET/PREFIX");
        }
        let has_key = self.identity.is_some() || self.passphrase.is_some();
        if self.url.is_some() && self.encrypt && !has_key {
            let expected = "backup.identity or backup.passphrase, or backup.encrypt = false";
            findings.error("backup.encrypt", "neither identity nor passphrase", expected);
        }
        if !self.recipients.is_empty() && self.identity.is_none() {
            findings.error("backup.recipients", "no backup.identity", "backup.identity beside further recipients");
        }
        for (nth, recipient) in self.recipients.iter().enumerate() {
            if recipient.parse::<age::x25519::Recipient>().is_err() {
                findings.error(format!("backup.recipients.{nth}"), shown(recipient), "a recipient of age: age1…");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(settings: &Backup) -> Vec<String> {
        let mut findings = Findings::default();
        settings.check(&mut findings);
        findings.keys().map(str::to_owned).collect()
    }

    #[test]
    fn a_place_needs_a_key_unless_backups_are_not_to_be_encrypted() {
        let place = Backup { url: Some("/backups".to_owned()), ..Backup::default() };
        assert_eq!(wrong(&Backup::default()), Vec::<String>::new());
        assert_eq!(wrong(&place), ["backup.encrypt"]);
        assert_eq!(wrong(&Backup { encrypt: false, ..place.clone() }), Vec::<String>::new());
        // that the file is not there is a warning
        let identity = Some(SecretRef::File("/run/none/backup.key".into()));
        assert_eq!(wrong(&Backup { identity: identity.clone(), ..place.clone() }), ["backup.identity"]);
        let both = Backup { identity: identity.clone(), passphrase: identity, ..place };
        assert_eq!(wrong(&both), ["backup.identity", "backup.passphrase", "backup.passphrase"]);
    }

    #[test]
    fn what_can_t_be_meant_is_named() {
        let settings = Backup {
            keep: 0,
            schedule: Some("often".to_owned()),
            recipients: vec!["ann@example.org".to_owned()],
            s3: S3 { endpoint: Some("minio".to_owned()), ..S3::default() },
            ..Backup::default()
        };
        let expected = [
            "backup.keep",
            "backup.schedule",
            "backup.schedule",
            "backup.recipients",
            "backup.recipients.0",
            "backup.s3.endpoint",
        ];
        assert_eq!(wrong(&settings), expected);
        let elsewhere = Backup { url: Some("gs://bucket".to_owned()), encrypt: false, ..Backup::default() };
        assert_eq!(wrong(&elsewhere), ["backup.url"]);
    }
}
