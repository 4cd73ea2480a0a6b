//! What names mean where neither the source nor the settings say it: which environments are production, and
//! which pipelines deploy to it. Names are compared word by word, so that `eu-prod1` is production, while
//! `prod-staging` and `products` are not.

/// Words of production environments.
const PRODUCTION: [&str; 5] = ["prod", "production", "prd", "gprd", "live"];

/// Words of environments that are not production, whatever else their name holds.
const NOT_PRODUCTION: [&str; 34] = [
    "dev",
    "devel",
    "develop",
    "development",
    "local",
    "review",
    "reviews",
    "test",
    "tests",
    "testing",
    "tst",
    "qa",
    "uat",
    "acpt",
    "accept",
    "acceptance",
    "stag",
    "stage",
    "staging",
    "stg",
    "gstg",
    "pre",
    "preprod",
    "preproduction",
    "preview",
    "previews",
    "prerelease",
    "demo",
    "demos",
    "non",
    "nonprod",
    "nonproduction",
    "sandbox",
    "like",
];

/// Words of pipelines that deploy nothing to production, beside those of environments.
const REHEARSALS: [&str; 8] = ["draft", "drafts", "drafter", "dry", "dryrun", "doc", "docs", "documentation"];

/// Beginnings of words of pipelines that take down what runs, whatever else their name holds. Two words of a name can
/// stand for one of these: `un-deploy`, `Tear down`.
const TAKING_DOWN: [&str; 7] = ["undeploy", "unpublish", "destroy", "teardown", "cleanup", "delete", "decommission"];

/// Parts of the names of pipelines that deploy.
const DEPLOYING: [&str; 4] = ["deploy", "release", "publish", "rollout"];

/// The words of a name, in lower case: runs of letters, cut where upper case follows lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_lower_case = false;
    for character in name.chars() {
        if !character.is_alphabetic() || after_lower_case && character.is_uppercase() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
        after_lower_case = character.is_lowercase();
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn any_of(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

/// Whether an environment is production by the words of its name.
pub(crate) fn is_production(environment: &str) -> bool {
    let words = words(environment);
    any_of(&words, &PRODUCTION) && !any_of(&words, &NOT_PRODUCTION)
}

/// Whether a pipeline takes down what runs.
fn takes_down(words: &[String]) -> bool {
    let begins = |word: &String| TAKING_DOWN.iter().any(|taking_down| word.starts_with(taking_down));
    words.iter().any(begins) || words.windows(2).any(|pair| TAKING_DOWN.contains(&pair.concat().as_str()))
}

/// Whether a pipeline deploys to production by its name.
pub(crate) fn deploys(pipeline: &str) -> bool {
    let name = pipeline.to_lowercase();
    let deploying = DEPLOYING.iter().any(|part| name.contains(part));
    let words = words(pipeline);
    deploying && !any_of(&words, &NOT_PRODUCTION) && !any_of(&words, &REHEARSALS) && !takes_down(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_production_by_the_words_of_its_name() {
        for name in [
            "production",
            "prod",
            "PRD",
            "live",
            "prod-eu",
            "production/eu",
            "Production – site",
            "eu-prod",
            "aws-production",
            "gcp-prod-1",
            "prod1",
            "production2",
            "gprd",
            "euProd",
            "ProductionEU",
            "prod_canary",
            "live.example.com",
        ] {
            assert!(is_production(name), "{name}");
        }
        for name in [
            "prod-staging",
            "production-preview",
            "live-preview",
            "live-demo",
            "pre-prod",
            "preprod",
            "preProd",
            "non-production",
            "NonProd",
            "prod-like",
            "production-like/review-7",
            "dev2-prod",
            "uat_live",
            "prodTest",
            "staging",
            "products",
            "delivery",
            "reproduction",
            "customer-portal",
            "github-pages",
            "canary",
            "",
        ] {
            assert!(!is_production(name), "{name}");
        }
    }

    #[test]
    fn a_pipeline_that_takes_down_what_runs_deploys_nothing() {
        for name in [
            "Undeploy",
            "undeploy-production",
            "un-deploy",
            "UnDeploy EU",
            "Undeployment",
            "Unpublish package",
            "Destroy deployment",
            "deploy-teardown",
            "Tear down deployments",
            "TearDownRelease",
            "Deployment cleanup",
            "Clean up old releases",
            "Delete deployment",
            "delete-environment",
            "Decommission release",
            "rollback-test",
        ] {
            assert!(!deploys(name), "{name}");
        }
        for name in
            ["Run deploy", "run-deploy", "Clean deploy", "Clean update and deploy", "redeploy", "Deploy down under"]
        {
            assert!(deploys(name), "{name}");
        }
    }

    #[test]
    fn a_pipeline_deploys_by_its_name_unless_it_is_a_preview_a_rehearsal_or_a_test() {
        for name in ["deploy", "Deploy to the world", "Release", "publish-npm", "RolloutEU", "redeploy", "Deploy model"]
        {
            assert!(deploys(name), "{name}");
        }
        for name in [
            "Deploy preview",
            "Release Drafter",
            "Publish docs",
            "release dry run",
            "release (dry-run)",
            "DeployDryRun",
            "Publish test results",
            "deploy-staging",
            "Deploy review app",
            "Pre-release",
            "Deploy to QA",
            "CI",
            "Tests",
        ] {
            assert!(!deploys(name), "{name}");
        }
    }
}
