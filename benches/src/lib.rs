//! The lab: what the benches of this package share.
//!
//! A **scenario** says how tasks are submitted; a **run** plays it once on one design and checks
//! that every task came back exactly once; a **recorder** holds what a run measured; a **series**
//! collects one measure of one design over all rounds; a **report** prints them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`clock`] | nanoseconds, and what reading them costs |
//! | [`work`] | a task body of a known length |
//! | [`machine`] | where the numbers come from |
//! | [`limits`] | what the machine itself charges |
//! | [`usage`] | what the process has used |
//! | [`allocator`] | which allocator serves a program |
//! | [`allocations`] | how often a program allocates |
//! | [`affinity`] | which thread runs on which core |
//! | [`stamps`] | what a task brings back |
//! | [`roll`] | who has come, who is missing |
//! | [`schedule`] | when tasks are due |
//! | [`scenario`] | how tasks are submitted |
//! | [`recorder`] | what one run measured |
//! | [`jitter`] | the machine's own delays |
//! | [`run`] | one scenario on one design |
//! | [`peers`] | the same outside Rust |
//! | [`in_order`] | joining handles one after the other |
//! | [`contestant`] | who can be put through a scenario |
//! | [`percentile`] | which percentiles a sample can carry |
//! | [`series`] | one measure of one design, over all rounds |
//! | [`ratio`] | one design against another |
//! | [`hgrm`] | percentile files for the HdrHistogram plotter |
//! | [`interval_log`] | each round, for HdrHistogram's own tools |
//! | [`session`] | all runs of a plan, interleaved |
//! | [`results`] | what every output is made from |
//! | [`previous`] | the session before |
//! | [`length`], [`rate`] | lengths of time, and rates, on the command line |
//! | [`cargo_flags`] | what a program is to do at all |
//! | [`criterion_flags`] | flags that are not for us |
//! | [`options`] | the knobs of the latency lab |
//! | [`headline`] | where we stand |
//! | [`report`] | tables, files, and the page |

pub mod clock;
pub mod work;

pub mod allocator;

pub mod machine;

pub mod limits;

pub mod affinity;
pub mod allocations;
pub mod usage;

pub mod stamps;

pub mod roll;
pub mod schedule;

pub mod scenario;

pub mod recorder;

pub mod jitter;

pub mod run;

pub mod peers;

pub mod in_order;

pub mod contestant;

pub mod percentile;

pub mod series;

pub mod ratio;

pub mod hgrm;

pub mod interval_log;

pub mod session;

pub mod results;

pub mod previous;

pub mod length;
pub mod rate;

pub mod cargo_flags;
pub mod criterion_flags;

pub mod options;

pub mod report;

pub mod headline;
