//! The headline: where we stand against the best rival and against the limit.
//!
//! **Workloads.** One thread submits tasks, each of which brings back a number that its closure
//! has captured, and the same thread receives all results.
//!
//! | name | what is played | what it comes to |
//! |---|---|---|
//! | `W1` | empty tasks, all submitted, then all received | ns for one |
//! | `W1'` | the same in windows of 1000 | ns for one |
//! | `W2 1us`, `W2 10us` | tasks that work, in windows of 1000 | ideal time / time, in percent |
//! | `W3 parked`, `W3 default` | a 20 us task every 100 us, the consumer blocked | us from the task's last act to the consumer's hands, p50 |
//! | `W4 p50`, `W4 p99` | 64 empty tasks in flight, one in seven timed | us from submission to receipt |
//! | `drain` | empty tasks that have all finished | ns to receive one |
//! | `1e3` to `1e6 outstanding` | as `W1`, with that many | ns for one |
//! | `1e3..1e6 outstanding` | the dearest of those against the cheapest | times |
//! | `W1' 64 B`, `W1' 256 B` | as `W1'`, with closures that capture so much instead of 8 bytes | ns for one |
//! | `W1' 8 B mimalloc` and larger | the same, everybody under a faster allocator | ns for one |
//! | `instructions` | both sides stepped by hand on one thread, under valgrind | for one task |
//! | `mallocs` | as `W1'`, after some windows | for one task |
//! | `bytes outstanding` | 1e6 tasks while the worker is held by one before them | resident bytes for one |
//!
//! **Paths.** A: `submit`, then `as_completed(handles)`, or where tasks come one by one, the
//! handles added to a set. B: submitted straight into a completion set. C: `map_unordered`.
//!
//! **Limits.** Two rings with a thread between them play the same workloads; so do two rings whose
//! threads park (`W3 parked`). There is one such thread, whatever it is compared with.
//!
//! **Cores.** Where there is a core for each thread, each is pinned to its own, whoever's it is;
//! where there is none, nothing is pinned.
//!
//! **Isolation.** Every run of a design is a process of its own, which this program starts: no
//! allocator, thread or page is inherited from the design before. Rounds are interleaved: each
//! goes through all designs, and begins with another one.
//!
//! | module | what it holds |
//! |---|---|
//! | [`core_time`] | how much of the cores is used |
//! | [`body`] | what tasks do |
//! | [`course`] | what plays the workloads |
//! | [`ours`] | the paths |
//! | [`entrant`] | who takes part |
//! | [`figure`] | what is measured |
//! | [`play`] | the workloads |
//! | [`leg`] | one run, in a process of its own |
//! | [`instructions`] | what valgrind counts |
//! | [`records`] | what was measured, round by round |
//! | [`budget`] | what a task may cost |
//! | [`row`] | ours, the best rival and the limit, over all rounds |
//! | [`table`] | the rows, printed |
//! | [`standing`] | everybody, printed |
//! | [`knobs`] | the command line |

pub mod core_time;

pub mod body;

pub mod course;

pub mod ours;

pub mod entrant;

pub mod figure;

pub mod play;

pub mod leg;

pub mod instructions;

pub mod records;

pub mod budget;

pub mod row;

pub mod table;

pub mod standing;

pub mod knobs;
