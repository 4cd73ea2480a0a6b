//! What happens, sent as it happens: server-sent events at `/api/v1/stream` and GraphQL subscriptions over WebSocket.
//!
//! Promises: one look at the database serves all subscribers of a tenant; a message is put together once and shared; a
//! stream holds no place of admission and no connection to the database; a subscriber that comes back with its last event
//! id misses nothing of the feed and gets nothing of it twice, or learns that it has to begin again; one that is too slow is
//! dropped, and learns why; what it may not see it is not sent.

mod affected;
mod channel;
mod event;
mod filter;
mod hub;
mod kind;
mod lag;
mod message;
mod places;
mod recheck;
mod subscriber;

pub(crate) use event::{DeploymentEvent, IncidentEvent, LagEvent, MetricsEvent, SourceEvent};
pub(crate) use filter::Filter;
pub(crate) use hub::{Hub, HubPlace, Limits, Start, Wanted};
pub(crate) use kind::EventKind;
pub(crate) use message::Event;
pub(crate) use recheck::Recheck;
pub(crate) use subscriber::{End, Next, Reset, Subscriber};
