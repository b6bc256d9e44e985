//! Key results that follow a live Looker: a real server, a simulated Looker, and HTTP between them.

mod canary;
mod changes;
mod commands;
mod connections;
mod drift;
mod failures;
mod finding;
mod history;
mod key_results;
mod kill;
mod objectives;
mod places;
mod reach;
mod reads;
mod repeats;
mod scale;
mod schedule;
mod shared_runs;
mod stopping;
mod webhooks;
