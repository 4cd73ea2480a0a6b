//! Views of code: repositories, commits, vulnerabilities and measures.

use kernel::{Commit, QualityMeasure, Repository, Vulnerability};

use super::view::{OfFact, View, may_see, owners};

/// The services of the repository of a row that is known by an alias, and their teams.
fn from_repository(table: &str, repository: &str, condition: &str) -> String {
    format!(
        "{table} left join analytics_repository r on r.repository = {repository}
         left join analytics_service s on s.name = r.service where {condition} and {}",
        may_see("r.service")
    )
}

/// The views of code.
pub(super) fn views() -> Vec<View> {
    vec![repository(), commit(), vulnerability(), quality_measure()]
}

fn repository() -> View {
    let fact = OfFact::new::<Repository>("f");
    let mut columns = vec![fact.named("id", "repository")];
    columns.extend(owners("r.service", "s"));
    columns.extend(fact.all(&["name", "url", "default_branch", "default_branch_tip", "partial"]));
    View {
        name: "repository",
        comment: "One row a repository and service.",
        key: &["repository", "service"],
        columns,
        from: from_repository("repository f", "f.id", "true"),
    }
}

fn commit() -> View {
    let fact = OfFact::new::<Commit>("f");
    let mut columns = vec![fact.named("sha", "sha")];
    columns.extend(owners("r.service", "s"));
    columns.push(fact.named("repository", "repository").to("repository", "repository"));
    columns.extend([fact.named("author", "author").of_people(), fact.named("co_authors", "co_authors").of_people()]);
    columns.extend(fact.all(&[
        "authored_at",
        "committed_at",
        "subject",
        "branch",
        "parents",
        "additions",
        "deletions",
        "changed_files",
    ]));
    View {
        name: "commit",
        comment: "One row a commit that a branch or a tag reaches, and service.",
        key: &["repository", "sha", "service"],
        columns,
        from: from_repository("commit f", "f.repository", "not f.deleted"),
    }
}

fn vulnerability() -> View {
    let fact = OfFact::new::<Vulnerability>("f");
    let mut columns = vec![fact.named("id", "vulnerability_id")];
    columns.extend(owners("r.service", "s"));
    columns.push(fact.named("repository", "repository").to("repository", "repository"));
    columns.extend(fact.all(&["severity", "title", "rule", "url", "opened_at", "fixed_at", "dismissed_at"]));
    View {
        name: "vulnerability",
        comment: "One row a vulnerability and service.",
        key: &["vulnerability_id", "service"],
        columns,
        from: from_repository("vulnerability f", "f.repository", "not f.deleted"),
    }
}

fn quality_measure() -> View {
    let fact = OfFact::new::<QualityMeasure>("f");
    let mut columns = vec![fact.named("id", "measure_id")];
    columns.extend(owners("r.service", "s"));
    columns.push(fact.named("repository", "repository").to("repository", "repository"));
    columns.extend(fact.all(&["project", "metric", "value", "at"]));
    View {
        name: "quality_measure",
        comment: "One row a measure of the code of a project, and service.",
        key: &["measure_id", "service"],
        columns,
        from: from_repository("quality_measure f", "f.repository", "true"),
    }
}
