//! The DORA engine: the only crate that contains formulas. It reads facts, computes with polars, and writes metric
//! facts: one row for each deployment and one for each change, with the evidence of its verdict.
//!
//! Promises: a computation is a function of the facts and the settings, whatever order the facts arrived in; computing
//! stale services gives the same rows as computing all; a missing value is `null`, never 0. The definitions are in
//! `docs/metrics.md`.

pub mod analytics;
mod basis;
mod benchmark;
mod bots;
mod budget;
mod compute;
pub mod custom;
mod engine;
mod error;
mod explain;
mod explanation;
mod history;
mod interval;
mod item_times;
mod journey;
mod metrics;
mod options;
mod persons;
mod preview;
mod progress;
mod query;
pub mod reasons;
mod report;
mod role;
mod services;
pub mod settings;
mod snapshots;
mod summary;
mod targets;
mod within;
mod work;

pub use basis::{Basis, Caveat, CaveatCode, EvidenceSource};
pub use benchmark::{Benchmark, GroupKind, Level, LevelYear, Mean, NotABenchmark, QuickCheckEdition, level_limits};
pub use budget::Budget;
pub use compute::{ServiceMetrics, compute};
pub use engine::{Compute, recompute, recompute_with, run};
pub use error::DoraError;
pub use explain::explain;
pub use explanation::{Candidate, CarriedCommit, ChangeExplanation, DeploymentExplanation, Explanation};
pub use history::{History, HistoryBuilder};
pub use interval::Interval;
pub use item_times::{ItemTimes, item_times};
pub use journey::{
    Journey, JourneyDeployment, JourneyIncident, JourneyKind, JourneyRun, JourneyService, JourneyStep, JourneyWay,
    StepKind, Traveler, changes_of_item, journey_of_item, ways,
};
pub use metrics::{
    Aggregation, AskedServices, Bucket, Compare, Comparison, Contribution, ContributionBy, ContributionMethod,
    Contributions, Definition, Dependents, Direction, Distribution, DistributionPart, MOVER_METRICS, MetricAnswer,
    MetricPart, MetricSettings, Mover, Owners, Percentile, Point, Question, Slice, StageContribution,
    StageContributions, Unit, Value, ValueName, Versions, Window, ask, asked_services, definitions, distributions,
    movers, window_start,
};
pub use options::Options;
pub use persons::Persons;
pub use preview::{Preview, ServicePreview};
pub use progress::{ChangeStage, Progress, progress};
pub use query::{ReportBy, ReportQuery};
pub use report::{
    FindingCount, MetricName, MetricReport, QuickCheck, REPORT_METRICS, REPORT_SERIES, Rating, Report, ReportSlice,
    Score, ServiceStatus, rate, report,
};
pub use role::{EngineRole, EngineSettings};
pub use snapshots::{Dated, Snapshots, UP_TO_NOW};
pub use summary::{ComputationSummary, Scope};
pub use targets::TargetState;
pub use within::Within;
pub use work::{last_failures, waits_for_reviewer};
