//! How Grafana writes the values of filters.

use panels::Dialect;

/// Its macros for the time range, and the variables of a dashboard. A variable for which nothing is chosen has the text
/// `null`, which Grafana puts into the statement as it is; what is chosen it quotes.
#[derive(Clone, Copy, Debug)]
pub struct Variables;

impl Dialect for Variables {
    fn from(&self) -> String {
        "$__timeFrom()::timestamptz".to_owned()
    }

    fn to(&self) -> String {
        "$__timeTo()::timestamptz".to_owned()
    }

    fn team(&self) -> String {
        "${team:sqlstring}::text".to_owned()
    }

    fn service(&self) -> String {
        "${service:sqlstring}::text".to_owned()
    }
}
