//! What all CI connectors promise alike: a run for a pull request or a fork is on no branch, a tag is no branch, names
//! are as people write them, words are read in any letter case, and a value that is new to us has a named end.

use kernel::{Completeness, Fact, IgnoreReason, NotStored, Outcome, PipelineRun};

use crate::fixtures::normalized;

fn ignored(reason: IgnoreReason) -> Result<Vec<Fact>, NotStored> {
    Err(NotStored::Ignored(reason))
}

/// The run that a fixture becomes.
fn run(connector: &str, fixture: &str) -> PipelineRun {
    let facts = normalized(connector, fixture).unwrap_or_else(|reason| panic!("{connector} {fixture}: {reason}"));
    let mut runs =
        facts.into_iter().filter_map(|fact| if let Fact::PipelineRun(run) = fact { Some(run) } else { None });
    runs.next_back().unwrap()
}

#[test]
fn a_run_for_a_pull_request_or_a_fork_is_on_no_branch() {
    for (connector, fixture) in [
        ("circleci", "event.workflow_fork"),
        ("circleci", "event.workflow_merge_request"),
        ("jenkins", "notification.pull_request"),
        ("jenkins", "notification.pull_request_parameter"),
        ("tekton", "event.pipelinerun_pull_request"),
        ("tekton", "event.pipelinerun_comment"),
    ] {
        let run = run(connector, fixture);
        assert!(run.pull_request && run.branch.is_none() && run.tag.is_none(), "{fixture}: {run:?}");
    }
    // the push by which a pull request was merged is none, although the request is named
    let pushed = run("tekton", "event.pipelinerun_pushed_merge");
    assert_eq!((pushed.pull_request, pushed.branch.as_deref()), (false, Some("main")));
}

#[test]
fn a_run_for_a_tag_is_on_no_branch() {
    for (connector, fixture) in [
        ("circleci", "event.workflow_tag"),
        ("circleci", "event.workflow_canceled_tag"),
        ("jenkins", "build.tag"),
        ("tekton", "event.pipelinerun_tag"),
    ] {
        let run = run(connector, fixture);
        assert!(run.tag.is_some() && run.branch.is_none() && !run.pull_request, "{fixture}: {run:?}");
    }
}

#[test]
fn a_job_is_named_as_people_write_it() {
    let run = run("jenkins", "notification.encoded_name");
    assert_eq!(run.name, "Ops Team/Ship it ü");
    assert_eq!(run.id, "ci.example.org/Ops%20Team/Ship%20it%20%C3%BC/run/3/1");
}

#[test]
fn outcomes_are_read_in_any_letter_case() {
    assert_eq!(run("cdevents", "event.pipelinerun_finished_upper").outcome, Some(Outcome::Success));
    assert_eq!(run("circleci", "event.workflow_tag").outcome, Some(Outcome::Success));
    assert_eq!(run("jenkins", "build.null_actions").outcome, Some(Outcome::Failure));
}

#[test]
fn a_value_that_is_new_to_us_has_a_named_end() {
    let end = normalized("cdevents", "event.pipelinerun_unknown_outcome").unwrap_err().to_string();
    assert!(end.contains("schema: subject.content.outcome: unknown outcome; expected success"), "{end}");
    for (connector, fixture) in [("circleci", "event.workflow_unknown_status"), ("jenkins", "build.unknown_result")] {
        assert_eq!(normalized(connector, fixture), ignored(IgnoreReason::UnknownValue), "{fixture}");
    }
    assert_eq!(normalized("jenkins", "notification.without_phase"), ignored(IgnoreReason::UnusedAction));
}

#[test]
fn what_a_source_leaves_null_takes_nothing_else_away() {
    let build = run("jenkins", "build.null_actions");
    assert_eq!(build.repository.unwrap().as_str(), "git.example.org/shop/checkout");
    assert!(build.sha.is_some() && build.branch.as_deref() == Some("main"));
    assert!(run("tekton", "event.pipelinerun_nulls").sha.is_some());
    assert!(normalized("cdevents", "event.ticket_nulls").is_ok());
}

#[test]
fn the_first_parameter_that_is_of_use_is_taken() {
    for fixture in ["event.pipelinerun_triggers_names", "event.pipelinerun_useless_parameters"] {
        let run = run("tekton", fixture);
        assert_eq!(run.repository.unwrap().as_str(), "git.example.org/shop/checkout", "{fixture}");
        assert_eq!(run.sha.unwrap().to_string(), "9fceb02d0ae598e95dc970b74767f19372d61af8", "{fixture}");
    }
    assert_eq!(run("tekton", "event.pipelinerun_useless_parameters").branch.as_deref(), Some("main"));
}

#[test]
fn a_build_ended_when_it_completed_however_late_it_was_put_away() {
    let (completed, finalized) = (run("jenkins", "notification.completed"), run("jenkins", "notification.finalized"));
    assert!(completed.version > finalized.version && completed.finished_at < finalized.finished_at);
    // its end is only inferred, and still counts more than that the build has begun
    assert_eq!(
        (finalized.version.completeness, completed.version.completeness),
        (Completeness::Inferred, Completeness::Reported)
    );
    assert!(finalized.version > run("jenkins", "notification.started").version);
}
