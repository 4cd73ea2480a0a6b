//! Everything that needs real parts, as one test binary: one module a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "a test that can't go on says so by panicking, is read from top to bottom, and handles small numbers"
)]

mod analytics;
mod analytics_custom;
mod analytics_roles;
mod answers;
mod api;
mod architecture;
mod backup;
mod both_logs;
mod browser;
mod chaos;
mod circles;
mod cli;
mod cli_identity;
mod clients;
mod commit_metrics;
mod compose;
mod config;
mod counterparts;
mod data_status;
mod demo;
mod doctor;
mod documents;
mod dropped;
mod eventlog;
mod gateway;
mod generic;
mod gharchive;
mod git;
mod github;
mod grafana;
mod histories;
mod incidents;
mod incremental;
mod install;
mod invalidation;
mod isolation;
mod k8s;
mod lexer;
mod links;
mod log_archive;
mod metabase;
mod metrics;
mod metrics_parts;
mod monitoring;
mod page;
mod panels;
mod people;
mod point_in_time;
mod preview;
mod privacy;
mod processor;
mod pull;
mod replicas;
mod rows;
mod sizes;
mod snapshots;
mod store;
mod tls;
mod traces;
mod up;
mod web;
mod wording;
mod workers;
