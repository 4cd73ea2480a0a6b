//! The flag that says where backups are.

use clap::Args;

use crate::settings::Settings;

/// Where backups are.
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// Where the backups are: a directory, or `s3://BUCKET/PREFIX` (backup.url)
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Place {
    /// The settings with this place.
    pub(super) fn of(&self, mut settings: Settings) -> Settings {
        if let Some(url) = &self.url {
            settings.backup.url = Some(url.clone());
        }
        settings
    }
}
