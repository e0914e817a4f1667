//! The rules of a shard, told as scenarios: commands at given times, and what comes of them.
//!
//! The facts are those of the SQS API reference and developer guide. [`scene`] plays a scenario in
//! several ways, among them with a restart after every command, and compares what it sees with what
//! a replay of the log would have; [`model`] and [`model_topics`] do the same with random commands.

mod attempts;
mod attributes;
mod calls;
mod clock;
mod dead_letter;
mod deduplication;
mod delay;
mod delete;
mod fair_groups;
mod fifo;
mod histories;
mod hostile;
mod long_polls;
mod model;
mod model_topics;
mod move_tasks;
mod picture;
mod purge;
mod queues;
mod receive;
mod reclaim;
mod records;
mod register;
mod retention;
mod scene;
mod send;
mod snapshot;
mod tags;
mod topics;
mod visibility;
