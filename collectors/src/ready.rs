//! A configured source with the connector that asks it.

use connector::Connector;
use pull::{OpenError, Opened, Puller};
use runtime::settings::Source;

/// A source of the settings that is ready to be asked.
pub struct Ready {
    /// Its connector.
    pub connector: &'static dyn Connector,
    /// What the settings say of it.
    pub source: Opened,
    /// Asks it.
    pub puller: Box<dyn Puller>,
}

impl Ready {
    /// Reads the secrets of a source and checks all that the settings say of it. Asks it nothing yet.
    pub fn new(settings: &Source) -> Result<Self, OpenError> {
        let unknown = || {
            let names = registry::paged().map(connector::Connector::name).collect::<Vec<_>>().join(", ");
            OpenError::new("connector", format!("`{}` can't be pulled; expected one of {names}", settings.connector))
        };
        let connector = registry::paged().find(|paged| paged.name() == settings.connector).ok_or_else(unknown)?;
        let source = Opened::new(settings)?;
        let puller = connector.open(&source)?;
        Ok(Self { connector, source, puller })
    }
}
