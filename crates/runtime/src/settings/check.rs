//! What the types of the sections of a process can't express.

use super::findings::{Findings, shown};
use super::process::{Data, Database, Otlp, Server, Telemetry, TlsFiles};

impl Data {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        if self.directory.as_os_str().is_empty() {
            findings.error("data.directory", "nothing", "a directory");
        }
    }
}

impl Database {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        if self.connections < 3 {
            let expected = "3 or more: one writes, one reads for it, one answers requests";
            findings.error("database.connections", self.connections.to_string(), expected);
        }
        if let Some(compress_after) = self.compress_after {
            findings.positive("database.compress_after", compress_after);
        }
        if let Some(url) = &self.url {
            findings.secret("database.url", url);
        }
    }
}

impl Server {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        findings.positive("server.timeout", self.timeout);
        if self.connections < 16 {
            findings.error("server.connections", self.connections.to_string(), "16 or more");
        }
        self.check_names(findings);
        self.tls.check(findings);
    }

    /// The names of the server, and the proxies before it.
    fn check_names(&self, findings: &mut Findings) {
        for (index, name) in self.allowed_hosts.iter().enumerate() {
            let address = name.parse::<std::net::IpAddr>().is_ok();
            if !address && (name.is_empty() || name.contains(|c: char| "/:@*[]".contains(c) || c.is_whitespace())) {
                let expected = "a name or an address without scheme and port, such as `sei.example.org`";
                findings.error(format!("server.allowed_hosts.{index}"), shown(name), expected);
            }
        }
        if let Some(url) = &self.public_url
            && crate::http::host_of(url).is_none()
        {
            let expected = "an http or https URL such as `https://sei.example.org`";
            findings.error("server.public_url", shown(url), expected);
        }
        for (index, proxy) in self.trusted_proxies.iter().enumerate() {
            if proxy.parse::<crate::http::Network>().is_err() {
                let expected = "an address or a network such as `10.0.0.7` or `10.0.0.0/8`";
                findings.error(format!("server.trusted_proxies.{index}"), shown(proxy), expected);
            }
        }
    }
}

impl TlsFiles {
    /// Reports what is wrong with the section, also in its files.
    fn check(&self, findings: &mut Findings) {
        let [certificate, key] = ["server.tls.certificate", "server.tls.key"];
        match (&self.certificate, &self.key) {
            (Some(_), None) => findings.error(key, "nothing", "the file with the key of server.tls.certificate"),
            (None, Some(_)) => {
                findings.error(certificate, "nothing", "the file with the certificate of server.tls.key");
            }
            _ => {}
        }
        if let Err(error) = crate::http::check_tls(self) {
            let at = if error.is_about_key(self) { key } else { certificate };
            let (found, expected) = (crate::with_causes(&error), "a certificate that is valid now, and its key");
            // as with secrets: where settings are checked is seldom where the files are
            if error.is_absent() { findings.warning(at, found, expected) } else { findings.error(at, found, expected) }
        }
    }
}

impl Telemetry {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        if tracing_subscriber::EnvFilter::try_new(&self.filter).is_err() {
            findings.error("telemetry.filter", shown(&self.filter), "levels such as `info,sqlx=warn`");
        }
        self.otlp.check(findings);
    }
}

impl Otlp {
    fn check(&self, findings: &mut Findings) {
        if let Some(endpoint) = &self.endpoint
            && crate::http::host_of(endpoint).is_none()
        {
            let expected = "an http or https URL such as `http://127.0.0.1:4318`";
            findings.error("telemetry.otlp.endpoint", shown(endpoint), expected);
        }
        if let Some(ratio) = self.sample_ratio
            && !(0.0..=1.0).contains(&ratio)
        {
            findings.error("telemetry.otlp.sample_ratio", ratio.to_string(), "a share from 0 to 1");
        }
        for (name, reference) in &self.headers {
            let key = format!("telemetry.otlp.headers.{name}");
            if http::HeaderName::try_from(name.as_str()).is_err() {
                findings.error(key.clone(), shown(name), "the name of a header");
            }
            findings.secret(key, reference);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::SecretRef;

    #[test]
    fn where_traces_go_is_a_url_headers_have_names_and_a_share_is_at_most_all() {
        let wrong = |otlp: &Otlp| {
            let mut findings = Findings::default();
            otlp.check(&mut findings);
            findings.keys().map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        assert!(wrong(&Otlp::default()).is_empty());
        let secret = SecretRef::File(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        let headers = |name: &str| [(name.to_owned(), secret.clone())].into();
        let right = Otlp {
            endpoint: Some("https://otlp.example.org".to_owned()),
            headers: headers("authorization"),
            sample_ratio: Some(0.0),
            logs: true,
        };
        assert!(wrong(&right).is_empty());
        let bad = Otlp {
            endpoint: Some("collector:4318".to_owned()),
            headers: headers("my header"),
            sample_ratio: Some(1.5),
            logs: false,
        };
        let expected = ["telemetry.otlp.endpoint", "telemetry.otlp.sample_ratio", "telemetry.otlp.headers.my header"];
        assert_eq!(wrong(&bad), expected);
    }
}
