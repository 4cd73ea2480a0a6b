//! What answers say, from the command line over REST and GraphQL to the page's numbers: whole days of a time
//! zone, 0 and unknown, what a value rests on, and windows that mean the same wherever they are asked for.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tests::Program;

use crate::api::served;

const VERSION: &str = r#""version":{"at":"2026-11-01T00:00:00Z"}"#;

/// Commits of one line, each deployed when it was made.
fn deployed(repository: &str, times: &[&str]) -> Vec<String> {
    let sha = |nth: usize| format!("{nth:040x}");
    let mut lines = Vec::new();
    for (nth, at) in times.iter().enumerate() {
        let (this, parents) = (sha(nth + 1), if nth == 0 { json!([]) } else { json!([sha(nth)]) });
        lines.push(format!(
            r#"{{"fact":"commit","repository":"{repository}","sha":"{this}","parents":{parents},"author":"ex.org/ada","authored_at":"{at}","committed_at":"{at}","subject":"work {nth}","reverts":[],{VERSION}}}"#
        ));
        lines.push(format!(
            r#"{{"fact":"deployment","id":"{repository}/deployment/{nth}","repository":"{repository}","environment":"production","outcome":"success","started_at":"{at}","finished_at":"{at}","sha":"{this}",{VERSION}}}"#
        ));
    }
    lines
}

fn imported(lines: &[String]) -> Program {
    let program = Program::new();
    import(&program, lines);
    program
}

fn import(program: &Program, lines: &[String]) {
    let path = program.directory().join("facts.ndjson");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let summary = program.json(&["import", &path.display().to_string()]);
    assert_eq!(summary["events"], lines.len(), "{summary}");
}

fn codes(caveats: &Value) -> Vec<&str> {
    caveats.as_array().unwrap().iter().map(|caveat| caveat["code"].as_str().unwrap()).collect()
}

/// From the day before clocks go back in Berlin to the day after.
const AROUND_A_LONG_DAY: [&str; 6] = [
    "2026-10-24T21:30:00Z",
    "2026-10-24T22:30:00Z",
    "2026-10-25T00:30:00Z",
    "2026-10-25T01:30:00Z",
    "2026-10-25T22:30:00Z",
    "2026-10-25T23:30:00Z",
];

#[test]
fn four_deployments_on_a_day_of_25_hours_are_4_a_day() {
    let program = imported(&deployed("ex.org/f/dst", &AROUND_A_LONG_DAY));
    let window = ["--from", "2026-10-23", "--to", "2026-10-28", "--time-zone", "Europe/Berlin"];
    let report = program.json(&[&["dora", "report", "--interval", "day"][..], &window].concat());
    let frequency = &report["deployment_frequency"];
    assert_eq!(frequency["value"], 1.2);
    let days: Vec<Value> = frequency["series"].as_array().unwrap().iter().map(|day| day["value"].clone()).collect();
    assert_eq!(days, [json!(null), json!(1.0), json!(4.0), json!(1.0), json!(0.0)]);
    let metric =
        program.json(&[&["dora", "metric", "deployment_frequency", "--interval", "day"][..], &window].concat());
    let again: Vec<Value> =
        metric["whole"]["series"].as_array().unwrap().iter().map(|day| day["value"].clone()).collect();
    assert_eq!((metric["whole"]["value"].clone(), again), (json!(1.2), days));
    // in spring a week has 167 hours and still 7 days
    let spring: Vec<String> = (22..29).map(|day| format!("2026-03-{day}T12:00:00Z")).collect();
    let spring: Vec<&str> = spring.iter().map(String::as_str).collect();
    let program = imported(&deployed("ex.org/f/spring", &spring));
    let week = ["--from", "2026-03-23", "--to", "2026-03-30", "--time-zone", "Europe/Berlin"];
    let report = program.json(&[&["dora", "report"][..], &week].concat());
    assert_eq!(report["deployment_frequency"]["value"].as_f64(), Some(6.0 / 7.0));
}

#[test]
fn thirty_deployments_in_thirty_days_are_one_a_day_on_the_command_line() {
    let now = Utc::now();
    let days = (1..=30).map(|day| now - TimeDelta::days(day) + TimeDelta::hours(1));
    let times: Vec<String> = days.rev().map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).collect();
    let program = imported(&deployed("ex.org/f/daily", &times.iter().map(String::as_str).collect::<Vec<_>>()));
    let report = program.json(&["dora", "report", "--window", "30d"]);
    let frequency = &report["deployment_frequency"];
    assert_eq!((&frequency["value"], &frequency["score"]), (&json!(1.0), &json!(8.0)), "{frequency}");
}

#[test]
fn no_deployment_of_a_service_that_deploys_is_0_and_not_unknown() {
    let mut lines = deployed("ex.org/f/zero", &["2026-09-01T10:00:00Z", "2026-09-02T10:00:00Z"]);
    lines.push(format!(
        r#"{{"fact":"commit","repository":"ex.org/f/never","sha":"{:040x}","parents":[],"author":"ex.org/ada","authored_at":"2026-09-01T08:00:00Z","committed_at":"2026-09-01T08:00:00Z","subject":"work","reverts":[],{VERSION}}}"#,
        77
    ));
    let program = imported(&lines);
    let window = ["--from", "2026-11-01", "--to", "2026-11-29"];
    let report = |service: &str| {
        let report = program.json(&[&["dora", "report", "--service", service][..], &window].concat());
        report["deployment_frequency"].clone()
    };
    let stopped = report("ex.org/f/zero");
    assert_eq!((&stopped["value"], &stopped["n"]), (&json!(0.0), &json!(0)));
    assert_eq!((&stopped["level"], &stopped["score"]), (&json!("low"), &json!(0.0)));
    assert!(stopped["series"].as_array().unwrap().iter().all(|week| week["value"] == 0.0), "{stopped}");
    assert_eq!(codes(&stopped["caveats"]), ["nothing_deployed"]);
    let never = report("ex.org/f/never");
    assert_eq!((&never["value"], &never["level"], &never["score"]), (&json!(null), &json!(null), &json!(null)));
    assert_eq!(codes(&never["caveats"]), ["no_deployments"]);
    let by = ["dora", "metric", "deployment_frequency", "--by", "service"];
    let by_service = program.json(&[&by[..], &window].concat());
    let slices: Vec<(&Value, &Value)> =
        by_service["slices"].as_array().unwrap().iter().map(|part| (&part["slice"], &part["value"])).collect();
    assert_eq!(slices, [(&json!("ex.org/f/zero"), &json!(0.0))]);
    assert_eq!(by_service["whole"]["value"], 0.0);
    // before its first deployment nothing was known of it
    let before = program.json(&["dora", "report", "--from", "2026-07-01", "--to", "2026-08-01"]);
    assert_eq!(before["deployment_frequency"]["value"], json!(null));
    let text = program.good(&[&["dora", "report", "--service", "ex.org/f/zero"][..], &window].concat());
    assert!(text.contains("0 a day") && text.contains("the last one was on 2026-09-02"), "{text}");
}

#[test]
fn the_same_commit_again_dilutes_no_rate_unless_it_failed_itself() {
    let mut lines = deployed("ex.org/f/again", &["2026-11-02T10:00:00Z", "2026-11-03T10:00:00Z"]);
    let again = |nth: usize, at: &str| {
        format!(
            r#"{{"fact":"deployment","id":"ex.org/f/again/deployment/again-{nth}","repository":"ex.org/f/again","environment":"production","outcome":"success","started_at":"{at}","finished_at":"{at}","sha":"{:040x}",{VERSION}}}"#,
            1
        )
    };
    // a rollback, then what runs repeatedly
    lines.extend(
        ["2026-11-03T11:00:00Z", "2026-11-04T11:00:00Z", "2026-11-05T11:00:00Z"]
            .iter()
            .enumerate()
            .map(|(nth, at)| again(nth, at)),
    );
    let program = imported(&lines);
    let values = || {
        let report = program.json(&["dora", "report", "--from", "2026-11-01", "--to", "2026-11-29"]);
        ["deployment_frequency", "change_fail_rate", "deployment_rework_rate"].map(|name| report[name]["n"].clone())
    };
    assert_eq!(values(), [json!(3), json!(3), json!(3)]);
    let incident = format!(
        r#"{{"fact":"incident","id":"ex.org/incident/1","title":"Down","service":"ex.org/f/again","detected_at":"2026-11-05T12:00:00Z",{VERSION}}}"#
    );
    import(&program, &[incident]);
    assert_eq!(values(), [json!(3), json!(4), json!(4)], "the redeployment failed");
}

#[test]
fn canceled_work_items_are_no_throughput() {
    let item = |number: u32, canceled: bool, done: &str| {
        let id = format!("ex.org/f/wont-do/{number}");
        let version = VERSION;
        let transition = |nth: u32, at: &str, from: (&str, &str), to: (&str, &str)| {
            format!(
                r#"{{"fact":"transition","id":"{id}/transition/{nth}","item":"{id}","at":"{at}","from_status":"{}","from_category":"{}","to_status":"{}","to_category":"{}",{version}}}"#,
                from.0, from.1, to.0, to.1
            )
        };
        [
            format!(
                r#"{{"fact":"work_item","id":"{id}","key":"T-{number}","project":"ex.org/f/wont-do","title":"item","kind":"story","status":"Closed","status_category":"done","canceled":{canceled},"created_at":"2026-11-02T10:00:00Z","labels":[],{version}}}"#
            ),
            transition(1, "2026-11-03T10:00:00Z", ("Open", "to_do"), ("Doing", "in_progress")),
            transition(2, done, ("Doing", "in_progress"), ("Closed", "done")),
        ]
    };
    let lines = [item(1, false, "2026-11-05T10:00:00Z"), item(2, true, "2026-11-25T10:00:00Z")].concat();
    let program = imported(&lines);
    let metric = |name: &str| {
        program.json(&["dora", "metric", name, "--from", "2026-11-01", "--to", "2026-11-29"])["whole"].clone()
    };
    assert_eq!(metric("item_throughput")["n"], 1);
    for (name, value) in [
        ("item_cycle_time", 2.0 * 86_400.0),
        ("item_lead_time", 3.0 * 86_400.0),
        ("flow_efficiency", 1.0),
        ("investment", 1.0),
        // from the 3rd to the 25th and from the 3rd to the 5th, at the ends of 28 days
        ("items_in_progress", 24.0 / 28.0),
    ] {
        assert_eq!(metric(name)["value"].as_f64(), Some(value), "{name}");
    }
    assert_eq!(metric("age_of_items_in_progress")["n"], 0);
}

#[test]
fn a_service_known_only_from_git_says_that_its_fail_rate_is_a_lower_bound() {
    let program = imported(&deployed("ex.org/f/git-only", &AROUND_A_LONG_DAY));
    let window = ["dora", "report", "--from", "2026-10-01", "--to", "2026-11-01"];
    let report = program.json(&window);
    let rate = &report["change_fail_rate"];
    assert_eq!(codes(&rate["caveats"]), ["lower_bound"]);
    assert_eq!(rate["basis"], json!({ "evidence": [], "known": 1.0 }));
    let steps = rate["series"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["caveats"] == json!(["lower_bound"])), "{rate}");
    assert_eq!(codes(&report["change_lead_time"]["caveats"]), ["first_deployment", "no_earlier_beginning"]);
    for form in ["table", "markdown", "csv"] {
        let text = program.good(&[&window[..], &["--format", form]].concat());
        assert!(text.contains("No incident is known of `ex.org/f/git-only`"), "{form}:\n{text}");
        assert!(text.contains("a lower bound"), "{form}:\n{text}");
    }
    let metric =
        ["dora", "metric", "change_fail_rate", "--by", "service", "--from", "2026-10-01", "--to", "2026-11-01"];
    let answer = program.json(&metric);
    assert_eq!(codes(&answer["whole"]["caveats"]), ["lower_bound"]);
    assert_eq!(codes(&answer["slices"][0]["caveats"]), ["lower_bound"]);
    assert!(program.good(&metric).contains("a lower bound"));
    // with an incident of its own it is none
    import(
        &program,
        &[format!(
            r#"{{"fact":"incident","id":"pd/1","title":"down","service":"ex.org/f/git-only","detected_at":"2026-10-25T01:45:00Z","resolved_at":"2026-10-25T02:00:00Z",{VERSION}}}"#
        )],
    );
    let report = program.json(&window);
    assert_eq!(codes(&report["change_fail_rate"]["caveats"]), [""; 0], "{}", report["change_fail_rate"]);
    assert_eq!(report["change_fail_rate"]["basis"]["evidence"], json!(["incidents"]));
    assert!(program.good(&window).contains("Evidence: incidents."));
}

#[test]
fn services_and_teams_of_the_settings_are_declared_by_every_command() {
    let program = imported(&deployed("ex.org/f/shop", &AROUND_A_LONG_DAY));
    let declared = "[[service]]\nname = \"checkout\"\nrepositories = [\"ex.org/f/shop\"]\nteam = \"web\"\n\
                    [[team]]\nname = \"web\"\nmembers = [\"ex.org/ada\"]\n";
    let window = ["--from", "2026-10-01", "--to", "2026-11-01"];
    let names = |report: &Value| -> Vec<String> {
        let services = report["services"].as_array().unwrap().iter();
        services.map(|service| service["service"].as_str().unwrap().to_owned()).collect()
    };
    let report = ["dora", "report"];
    assert_eq!(names(&program.json(&[&report[..], &window].concat())), ["ex.org/f/shop"]);
    std::fs::write(program.directory().join("sei.toml"), declared).unwrap();
    let found = program.json(&[&["dora", "report", "--team", "web"][..], &window].concat());
    assert_eq!((names(&found), &found["deployment_frequency"]["n"]), (vec!["checkout".to_owned()], &json!(6)));
    let by_team = program.json(&[&["dora", "metric", "change_lead_time", "--by", "author_team"][..], &window].concat());
    assert_eq!(by_team["slices"][0]["slice"], "web");

    // by an import into an empty database
    let program = Program::new();
    std::fs::write(program.directory().join("sei.toml"), declared).unwrap();
    import(&program, &deployed("ex.org/f/shop", &AROUND_A_LONG_DAY));
    let status = program.json(&["status"]);
    assert_eq!(status["services"][0]["name"], "checkout", "{status}");
    // what is no longer declared is so for every command, too
    std::fs::remove_file(program.directory().join("sei.toml")).unwrap();
    assert_eq!(names(&program.json(&[&report[..], &window].concat())), ["ex.org/f/shop"]);
}

#[tokio::test]
async fn a_bare_date_is_midnight_in_the_time_zone_of_the_answer_everywhere() {
    let served = served::filled().await;
    let end = served::end();
    let (from, to) = ((end - TimeDelta::days(40)).date_naive(), (end - TimeDelta::days(9)).date_naive());
    let midnight = |day, zone: &str| kernel::midnight(day, zone.parse().unwrap());
    let instants =
        [from, to].map(|day| midnight(day, "Pacific/Auckland").to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    let bare = format!("from={from}&to={to}&time_zone=Pacific/Auckland");
    let exact = format!("from={}&to={}&time_zone=Pacific/Auckland", instants[0], instants[1]);
    for path in ["dora", "metrics/deployment_frequency", "deployments", "changes"] {
        let (one, other) =
            (served.get(&format!("/api/v1/{path}?{bare}")).await, served.get(&format!("/api/v1/{path}?{exact}")).await);
        assert_eq!(one["data"], other["data"], "{path}");
        assert!(!other["data"].as_array().is_some_and(Vec::is_empty), "{path}");
    }
    let found = served.get(&format!("/api/v1/dora?{bare}")).await;
    assert_eq!(found["data"]["window"], json!({ "from": instants[0], "to": instants[1] }));
    let query = format!(
        r#"{{ dora(question: {{ from: "{from}", to: "{to}", timeZone: "Pacific/Auckland" }}) {{ window {{ from to }} deploymentFrequency {{ n }} }}
              metric(name: "deployment_frequency", question: {{ from: "{from}", to: "{to}", timeZone: "Pacific/Auckland" }}) {{ whole {{ n }} }} }}"#
    );
    let answer = served.graphql(&query).await;
    let instant = |text: &Value| text.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    for (nth, end) in ["from", "to"].into_iter().enumerate() {
        assert_eq!(instant(&answer["dora"]["window"][end]), instant(&json!(instants[nth])), "{end}");
    }
    assert_eq!(answer["dora"]["deploymentFrequency"]["n"], found["data"]["deployment_frequency"]["n"]);
    assert_eq!(answer["metric"]["whole"]["n"], found["data"]["deployment_frequency"]["n"]);
    // lists take the configured zone
    let berlin = served::with(|settings| settings.dora.time_zone = "Europe/Berlin".parse().unwrap()).await;
    served::fill(&berlin.database.store, served::organization().facts()).await;
    let begin = midnight(from, "Europe/Berlin").to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let (one, other) = (
        berlin.get(&format!("/api/v1/deployments?from={from}&limit=200")).await,
        berlin.get(&format!("/api/v1/deployments?from={begin}&limit=200")).await,
    );
    assert_eq!(one, other);
}

#[tokio::test]
async fn a_window_of_thirty_days_has_thirty_days_over_rest_and_graphql() {
    let served = served::filled().await;
    for zone in ["UTC", "Europe/Berlin", "America/Santiago"] {
        let report = served.get(&format!("/api/v1/dora?window=30d&time_zone={zone}")).await;
        let frequency = &report["data"]["deployment_frequency"];
        let (value, n) = (frequency["value"].as_f64().unwrap(), frequency["n"].as_f64().unwrap());
        assert!((value * 30.0 - n).abs() < 1e-9, "{zone}: {n} in 30 days are {value} a day");
    }
}

#[tokio::test]
async fn rest_and_graphql_say_what_values_rest_on() {
    let served = served::filled().await;
    let rest = served.get("/api/v1/dora?window=180d").await;
    let names = [
        ("changeLeadTime", "change_lead_time"),
        ("changeFailRate", "change_fail_rate"),
        ("failedDeploymentRecoveryTime", "failed_deployment_recovery_time"),
        ("deploymentReworkRate", "deployment_rework_rate"),
    ];
    let fields = "{ basis { evidence known } caveats { code text } series { basis { known } caveats } }";
    let metrics: String = names.iter().map(|(name, _)| format!("{name} {fields} ")).collect();
    let answer = served
        .graphql(&format!(r#"{{ dora(question: {{ window: "180d" }}) {{ {metrics} caveats {{ code }} }} }}"#))
        .await;
    let lower = |value: &Value| Value::from(value.to_string().to_lowercase());
    for (graphql, name) in names {
        let (one, other) = (&answer["dora"][graphql], &rest["data"][name]);
        assert_eq!(lower(&one["basis"]["evidence"]), lower(&other["basis"]["evidence"]), "{name}");
        assert_eq!(one["basis"]["known"], other["basis"]["known"], "{name}");
        assert_eq!(lower(&one["caveats"]), lower(&other["caveats"]), "{name}");
        let by_name = served.get(&format!("/api/v1/metrics/{name}?window=180d&by=service")).await;
        let whole = &by_name["data"]["whole"];
        assert_eq!(whole["basis"], other["basis"], "{name}");
        assert_eq!(whole["caveats"], other["caveats"], "{name}");
        let steps = |series: &Value, of: &str| -> Vec<Value> {
            series.as_array().unwrap().iter().map(|step| step[of].clone()).collect()
        };
        for of in ["basis", "caveats"] {
            assert_eq!(steps(&whole["series"], of), steps(&other["series"], of), "{name}: {of} of its series");
        }
        let slices = by_name["data"]["slices"].as_array().unwrap();
        assert!(slices.iter().all(|part| part["basis"]["evidence"].is_array() && part["caveats"].is_array()), "{name}");
    }
    assert!(!rest["data"]["change_fail_rate"]["basis"]["evidence"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn the_automatic_interval_bounds_the_points_of_long_windows() {
    let served = served::empty().await;
    let organization = served::organization();
    let end = organization.end;
    // twenty years of a deployment each
    let facts = (0..20).flat_map(|year| {
        let at = end - TimeDelta::days(365 * year + 1);
        deployed("ex.org/f/old", &[&at.to_rfc3339()])
            .into_iter()
            .skip(1)
            .map(move |line| line.replace("deployment/0", &format!("deployment/{year}")))
            // each puts another version into production
            .map(move |line| line.replace(&format!("{:040x}", 1), &format!("{:040x}", year + 1)))
    });
    let facts: Vec<kernel::Fact> = facts.map(|line| serde_json::from_str(&line).unwrap()).collect();
    served::fill(&served.database.store, facts.into_iter()).await;
    let reply = served.ask("GET", "/api/v1/dora?window=all", &[], "").await;
    let report = reply.json();
    assert_eq!(report["data"]["interval"], "year");
    assert_eq!(report["data"]["deployment_frequency"]["n"], 20);
    assert!(reply.body.len() < 100_000, "{} bytes", reply.body.len());
    for (window, interval) in [("30d", "week"), ("365d", "week"), ("700d", "month"), ("3650d", "quarter")] {
        let report = served.get(&format!("/api/v1/dora?window={window}")).await;
        assert_eq!(report["data"]["interval"], interval, "{window}");
        let metric = served.get(&format!("/api/v1/metrics/deployment_frequency?window={window}")).await;
        assert_eq!(metric["data"]["interval"], interval, "{window}");
    }
}
