//! What must hold of every history, whatever is in it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use dora::settings::LeadTimeStart;
use kernel::{Fact, ReviewState};
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::build::{Case, at, review};
use crate::random::{CHANGES, cases};

/// The same with all time that passes since the first Monday multiplied by a factor.
fn stretched<T: Serialize + DeserializeOwned>(whole: &T, times: i32) -> T {
    let mut value = serde_json::to_value(whole).unwrap();
    stretch(&mut value, times);
    serde_json::from_value(value).unwrap()
}

fn stretch(value: &mut Value, times: i32) {
    match value {
        Value::String(text) => {
            if let Ok(time) = text.parse::<DateTime<Utc>>() {
                *text = (at(0) + (time - at(0)) * times).to_rfc3339();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| stretch(value, times)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_i64() {
                    Some(duration) if name.ends_with("_us") => *value = (duration * i64::from(times)).into(),
                    _ => stretch(value, times),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    #[test]
    fn stages_of_a_change_with_all_its_points_add_up(case in cases()) {
        if case.settings.lead_time_start == LeadTimeStart::FirstCommit {
            for row in case.compute().changes {
                let stages = [row.coding_us, row.pickup_us, row.review_us, row.deploy_us];
                if let [Some(coding), Some(pickup), Some(review), Some(deploy)] = stages {
                    prop_assert_eq!(Some(coding + pickup + review + deploy), row.lead_time_us);
                }
            }
        }
    }

    #[test]
    fn no_duration_is_negative_and_no_more_fail_than_there_are(case in cases()) {
        let computed = case.compute();
        for row in &computed.changes {
            let spans =
                [row.coding_us, row.pickup_us, row.review_us, row.approval_us, row.deploy_us, row.lead_time_us];
            prop_assert!(spans.iter().flatten().all(|span| *span >= 0), "{row:?}");
            prop_assert!(computed.deployments.iter().any(|deployment| deployment.deployment == row.deployment));
        }
        for row in &computed.deployments {
            prop_assert_eq!(row.failed, !row.failed_by.is_empty());
            prop_assert_eq!(row.rework, !row.rework_by.is_empty());
            prop_assert!(row.success || !row.counted);
            prop_assert!(row.recovered_at.is_none_or(|recovered| row.failed && recovered >= row.finished_at), "{row:?}");
        }
        prop_assert!(computed.incidents.iter().all(|row| row.restore_us.is_none_or(|span| span >= 0)));
    }

    #[test]
    fn a_review_by_a_bot_changes_nothing(
        case in cases(),
        number in 1..=CHANGES,
        bot in select(vec!["example.com/robot", "example.com/x[bot]", "example.com/acme-bot"]),
        state in select(vec![ReviewState::Approved, ReviewState::Commented, ReviewState::ChangesRequested]),
        hour in -5..60_i64,
    ) {
        let reviewed = case.clone().add(review(number, 999, bot, state, hour));
        prop_assert_eq!(case.compute(), reviewed.compute());
    }

    #[test]
    fn time_that_runs_slower_makes_durations_longer_and_nothing_else(case in cases(), times in 2..5_u16) {
        let slow = Case {
            facts: case.facts.iter().map(|fact| stretched::<Fact>(fact, times.into())).collect(),
            ..case.clone().set(|settings| settings.attribution_window *= times.into())
        };
        let (quick, slow) = (case.compute(), slow.compute());
        prop_assert_eq!(stretched(&quick.deployments, times.into()), slow.deployments);
        prop_assert_eq!(stretched(&quick.changes, times.into()), slow.changes);
        prop_assert_eq!(stretched(&quick.incidents, times.into()), slow.incidents);
        let about = |findings: &[kernel::Finding]| -> BTreeSet<_> {
            findings.iter().map(|finding| (finding.kind, finding.subject.clone())).collect()
        };
        prop_assert_eq!(about(&quick.findings), about(&slow.findings));
    }
}
