//! The configuration of librdkafka. The user's properties win, except over what the promises of the log rest on.

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;

use super::failure;
use crate::LogError;
use crate::settings;

/// The largest event, in bytes: GitHub sends webhooks of up to 25 MiB, and a page of git history is
/// smaller than that. The topic is created with the same limit.
pub(super) const LARGEST_EVENT: u32 = 64 << 20;

/// The largest batch that a client makes, in bytes before it is compressed: more than one append of webhooks brings.
const LARGEST_BATCH: u32 = 16 << 20;

/// For a client that appends to a topic that takes batches of this size, if that is known.
pub(super) fn producer(settings: &settings::Kafka, largest: Option<u32>) -> Result<ClientConfig, LogError> {
    let mut config = client(settings)?;
    let mut default = |names: &[&str], value: &str| set_default(&mut config, settings, names, value);
    default(&["compression.codec", "compression.type"], "zstd");
    // Its fastest level: JSON of one source is alike, so the higher ones cost more than they save.
    default(&["compression.level", "compression.codec", "compression.type"], "1");
    // How long an event is tried before the caller hears that the broker is away.
    default(&["message.timeout.ms", "delivery.timeout.ms"], "30000");
    // An append brings its events together; this is how long handing a large one over takes.
    default(&["linger.ms", "queue.buffering.max.ms"], "2");
    // What an append brings to a partition is one batch: while a second one waits for the first to be acknowledged,
    // librdkafka polls without a pause, which takes a whole core.
    if largest.is_some_and(|largest| largest / 2 >= LARGEST_BATCH) {
        default(&["batch.size"], &LARGEST_BATCH.to_string());
    }
    // What is not acknowledged yet is kept in memory, up to this.
    default(&["queue.buffering.max.kbytes"], "131072");
    // The partitioner of Java's clients, so that others can write to the topic in the same order.
    default(&["partitioner"], "murmur2_random");
    config.set("enable.idempotence", "true");
    Ok(config)
}

/// For a client that reads as a member of a group.
pub(super) fn consumer(settings: &settings::Kafka) -> Result<ClientConfig, LogError> {
    let mut config = client(settings)?;
    let mut default = |names: &[&str], value: &str| set_default(&mut config, settings, names, value);
    // The shortest that brokers take as they are delivered: so long the partitions of a killed process wait, and those
    // of all after an outage, until the broker has given up the members that it knew before.
    default(&["session.timeout.ms"], "6000");
    default(&["heartbeat.interval.ms"], "2000");
    default(&["fetch.max.bytes"], &LARGEST_EVENT.to_string());
    config
        .set("group.id", &settings.group)
        // Where to start is what the store says; a position that the log does not have is looked into.
        .set("auto.offset.reset", "error")
        // Only what is written is committed, and only as a hint for monitors.
        .set("enable.auto.commit", "true")
        .set("enable.auto.offset.store", "false");
    Ok(config)
}

/// For a client that asks and creates.
pub(super) fn client(settings: &settings::Kafka) -> Result<ClientConfig, LogError> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.brokers);
    let mut default = |names: &[&str], value: &str| set_default(&mut config, settings, names, value);
    default(&["client.id"], "sei");
    default(&["message.max.bytes"], &LARGEST_EVENT.to_string());
    // A broker that comes back is found again this soon.
    default(&["reconnect.backoff.max.ms"], "2000");
    // An OpenSSL that is linked in does not know where a distribution keeps its certificates.
    if cfg!(feature = "static") {
        default(&["ssl.ca.location", "ssl.ca.pem"], "probe");
    }
    for (name, value) in &settings.properties {
        config.set(name, value);
    }
    for (name, reference) in &settings.secret_properties {
        let secret = runtime::secret::read(reference).map_err(|error| {
            LogError::Fatal(format!("the secret of `log.kafka.{name}` can't be read"), Some(Box::new(error)))
        })?;
        let text = secret
            .expose_str()
            .ok_or_else(|| LogError::Fatal(format!("the secret of `log.kafka.{name}` is not UTF-8"), None))?;
        config.set(name, text);
    }
    Ok(config)
}

/// A client with this configuration; an unknown property or a bad value is named.
pub(super) fn create<C, T: FromClientConfigAndContext<C>>(config: &ClientConfig, context: C) -> Result<T, LogError>
where
    C: rdkafka::ClientContext,
{
    config.create_with_context(context).map_err(failure::of_client)
}

/// Sets a property unless the user has, under any of its names.
fn set_default(config: &mut ClientConfig, settings: &settings::Kafka, names: &[&str], value: &str) {
    let given =
        |name: &&&str| settings.properties.contains_key(**name) || settings.secret_properties.contains_key(**name);
    if let Some(name) = names.first()
        && !names.iter().any(|name| given(&name))
    {
        config.set(*name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(properties: &[(&str, &str)]) -> settings::Kafka {
        settings::Kafka {
            brokers: "127.0.0.1:1".into(),
            create_topic: true,
            replication: 1,
            group: "g".into(),
            properties: properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            secret_properties: std::collections::BTreeMap::default(),
        }
    }

    #[test]
    fn the_users_properties_win_under_any_of_their_names() {
        let config = producer(&settings(&[("delivery.timeout.ms", "500"), ("compression.type", "lz4")]), None).unwrap();
        assert_eq!((config.get("message.timeout.ms"), config.get("delivery.timeout.ms")), (None, Some("500")));
        assert_eq!((config.get("compression.codec"), config.get("compression.type")), (None, Some("lz4")));
        assert_eq!(config.get("compression.level"), None, "ours is that of zstd");
    }

    #[test]
    fn batches_are_as_large_as_an_append_where_the_topic_takes_them() {
        let size = |properties: &[(&str, &str)], largest| {
            producer(&settings(properties), largest).unwrap().get("batch.size").map(str::to_owned)
        };
        assert_eq!(size(&[], Some(LARGEST_EVENT)), Some(LARGEST_BATCH.to_string()));
        assert_eq!(size(&[], Some(1_048_588)), None, "the brokers' own limit");
        assert_eq!(size(&[], None), None);
        assert_eq!(size(&[("batch.size", "5")], Some(LARGEST_EVENT)), Some("5".to_owned()));
    }

    #[test]
    fn members_of_before_an_outage_are_given_up_soon_unless_the_user_says_otherwise() {
        let set = |config: &ClientConfig| {
            ["session.timeout.ms", "heartbeat.interval.ms", "reconnect.backoff.max.ms"]
                .map(|name| config.get(name).map(str::to_owned))
        };
        let ours = consumer(&settings(&[])).unwrap();
        assert_eq!(set(&ours), ["6000", "2000", "2000"].map(|value| Some(value.to_owned())));
        let theirs = consumer(&settings(&[("session.timeout.ms", "45000")])).unwrap();
        assert_eq!(set(&theirs)[0].as_deref(), Some("45000"));
    }

    #[test]
    fn what_the_promises_rest_on_cannot_be_set_otherwise() {
        let settings = settings(&[
            ("auto.offset.reset", "latest"),
            ("enable.idempotence", "false"),
            ("enable.auto.offset.store", "true"),
        ]);
        let consumer = consumer(&settings).unwrap();
        assert_eq!(consumer.get("auto.offset.reset"), Some("error"));
        assert_eq!(consumer.get("enable.auto.offset.store"), Some("false"));
        assert_eq!(producer(&settings, None).unwrap().get("enable.idempotence"), Some("true"));
    }
}
