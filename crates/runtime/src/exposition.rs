//! Gauges whose values are read when they are asked for, in the text format of `/metrics`.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// The media type of the `OpenMetrics` text format.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The labels of a value, by name.
pub type Labels = Vec<(&'static str, String)>;

/// A gauge, with a value for each set of labels.
#[derive(Clone, Debug)]
pub struct Gauge {
    /// Its name, behind `sei_`.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Its values, in the order in which they are written.
    pub values: Vec<(Labels, f64)>,
}

impl Collector for Gauge {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut metric = encoder.encode_descriptor(self.name, self.help, None, MetricType::Gauge)?;
        for (labels, value) in &self.values {
            metric.encode_family(labels)?.encode_gauge(value)?;
        }
        Ok(())
    }
}

/// Gauges in the `OpenMetrics` text format. One without values is left out.
#[must_use]
pub fn open_metrics(gauges: impl IntoIterator<Item = Gauge>) -> String {
    let mut registry = Registry::with_prefix("sei");
    for gauge in gauges.into_iter().filter(|gauge| !gauge.values.is_empty()) {
        registry.register_collector(Box::new(gauge));
    }
    let mut text = String::new();
    // writing to a String does not fail
    let _infallible = text::encode(&mut text, &registry);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_are_written_in_order_and_their_labels_escaped() {
        let value = Gauge {
            name: "metric_value",
            help: "The value of a metric.",
            values: vec![
                (vec![("metric", "change_fail_rate".to_owned())], 0.25),
                (vec![("metric", "change_fail_rate".to_owned()), ("team", "a \"b\"\\\n".to_owned())], 3.0),
            ],
        };
        let none = Gauge { name: "nothing", help: "Nothing.", values: Vec::new() };
        let expected = "# HELP sei_metric_value The value of a metric.\n# TYPE sei_metric_value gauge\n\
                        sei_metric_value{metric=\"change_fail_rate\"} 0.25\n\
                        sei_metric_value{metric=\"change_fail_rate\",team=\"a \\\"b\\\"\\\\\\n\"} 3.0\n# EOF\n";
        assert_eq!(open_metrics([value, none]), expected);
    }
}
