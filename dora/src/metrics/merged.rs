//! Merges as if each were a deployment, so that metrics count them as they count deployments.

use store::metric_rows::MergePreview;

use super::rows::{Deployed, Deployment, Entry, Name, Subject};
use super::tables::{TableBuilder, Tables};
use super::window::Window;

impl Tables {
    /// Tables in which each merge of a window is a deployment, and each change was deployed when it was merged.
    pub(crate) fn of_merges(merges: &[&MergePreview], window: Window) -> Self {
        let (from, to) = (window.from.timestamp_micros(), window.to.timestamp_micros());
        let is_within = |at: &i64| from <= *at && *at < to;
        let (mut deployments, mut deployed) = (TableBuilder::default(), TableBuilder::default());
        for preview in merges {
            let service = Name::from(preview.service.as_str());
            let subject = || Subject { service: Some(Name::clone(&service)), ..Subject::default() };
            for at in preview.merged_us.iter().filter(|at| is_within(at)) {
                let service = Name::clone(&service);
                let row = Deployment { service, finished: *at, counted: true, ..Deployment::default() };
                deployments
                    .push(Entry { subject: subject(), row, ..Entry::default() }, |subject| subject.service.as_ref());
            }
            let changes = preview.change_merged_us.iter().zip(&preview.lead_time_us);
            for (at, lead_time_us) in changes.filter(|(at, _)| is_within(at)) {
                let row = Deployed { at: *at, lead_time: Some(*lead_time_us).into(), ..Deployed::default() };
                deployed
                    .push(Entry { subject: subject(), row, ..Entry::default() }, |subject| subject.service.as_ref());
            }
        }
        Self { deployments: deployments.build(), deployed: deployed.build(), ..Self::default() }
    }
}
