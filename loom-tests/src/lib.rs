//! Models of photofinish, run over the shipped source by [loom].
//!
//! `cargo loom` runs them. Each explores every execution of a small program over the public
//! interface of `photofinish-protocol`, up to its stated bound on preemptions, and reports
//!
//! ```text
//! attach_vs_complete_one: 123 executions, bound none, complete
//! ```
//!
//! A model passes only if no execution races, leaks or deadlocks, every value was dropped exactly
//! once, and each of its `Witness`es was seen: a model that no longer races what it
//! claims to race fails.
//!
//! What the models cannot see: load buffering, a compare-exchange that fails for no reason, more
//! than seven stores to one word, and more than the few threads of each model. Nor does loom try
//! every order of a load and another thread's write where that thread loads the word first: see
//! `Crossing`. What the models verify is verified within bounds.
//!
//! [loom]: https://docs.rs/loom

pub mod allowed;
pub mod checker;
pub mod history;
pub mod party;
pub mod source;

#[cfg(loom)]
mod alarm;
#[cfg(loom)]
mod harness;
#[cfg(loom)]
mod onlooker;
#[cfg(loom)]
mod plan;
#[cfg(loom)]
mod value;

#[cfg(loom)]
pub use alarm::{Alarm, block_on, poll};
#[cfg(loom)]
pub use harness::{Bound, Crossing, Mark, Witness, explore, model, spawn};
#[cfg(loom)]
pub use onlooker::{Progress, Stage, Standstills, until_nothing_moves};
#[cfg(loom)]
pub use value::{Value, live_values};

/// The bound on preemptions under `just deep`, where it is not higher anyway.
pub const DEEP_BOUND: usize = 3;

/// Models that take long at [`DEEP_BOUND`], and the bound that `just deep` runs them at.
pub const TOO_DEEP: &[(&str, usize)] = &[
    ("block_abandoned", 2),
    ("block_dropped_after_one", 2),
    ("block_fills_again", 2),
    ("block_stream", 1),
    ("block_two_workers", 2),
    ("freeze_adder", 0),
    ("freeze_holder", 1),
    ("freeze_scope", 1),
    ("freeze_submitter", 0),
    ("freeze_submitter_before_others", 0),
    ("freeze_submitter_to_a_bounded_pool", 0),
    ("freeze_thief", 1),
    ("freeze_worker", 0),
    ("freeze_worker_before_others", 1),
    ("halt_vs_cancel", 1),
    ("halt_vs_nested_submit", 1),
    ("halt_vs_steal", 1),
    ("halt_vs_submit", 1),
    ("halt_vs_try_submit", 1),
    ("inbox_vs_last_sleeper", 1),
    ("pool_ends", 1),
    ("pool_sleeps_twice", 1),
    ("room_made_for_two", 0),
    ("room_made_vs_wait", 1),
    ("room_vs_halt", 0),
    ("shutdown_vs_submit", 2),
    ("tasks_that_meet", 1),
    ("tasks_that_meet_in_a_batch", 1),
    ("wake_handed_on", 1),
];

/// Models that take minutes: `just deep` runs them, and nothing else does.
pub const DEEP_MODELS: &[&str] = &["tasks_that_meet", "tasks_that_meet_in_a_batch"];

/// The models. A model that is not here does not run, and one that is here and did not run fails
/// the driver.
pub const MODELS: &[&str] = &[
    "adder_and_its_clone",
    "adder_dropped_vs_next",
    "adder_vs_drop_of_the_set",
    "adder_vs_into_unfinished",
    "adder_vs_next",
    "adder_vs_poll",
    "async_after_a_join_that_timed_out",
    "async_to_blocking_switch_handle",
    "async_to_blocking_switch_set",
    "attach_vs_complete_one",
    "attach_vs_complete_two",
    "await_dropped_vs_complete",
    "await_moved_vs_complete",
    "await_try_join_vs_complete",
    "awaited_vs_canceller",
    "block_abandoned",
    "block_dropped",
    "block_dropped_after_one",
    "block_fills_again",
    "block_one_item",
    "block_refused",
    "block_stream",
    "block_two_workers",
    "cancel_and_drop_vs_run",
    "cancel_attached_vs_run",
    "cancel_in_the_queue",
    "cancel_requested",
    "cancel_vs_complete",
    "cancel_vs_complete_vs_attach",
    "cancel_vs_complete_vs_drop",
    "cancel_vs_run",
    "cancel_vs_shutdown",
    "canceller_vs_join",
    "cell_outlives_its_slab",
    "cells_return_from_two_threads",
    "completer_dropped",
    "consumer_changes_thread_iterator",
    "consumer_changes_thread_set",
    "count_vs_take",
    "drop_handle_vs_complete",
    "drop_handle_vs_run",
    "drop_iterator_after_cancel",
    "drop_iterator_after_one",
    "drop_iterator_while_completing_one",
    "drop_iterator_while_completing_two",
    "duplicate_handles_one",
    "duplicate_handles_two",
    "freeze_adder",
    "freeze_adder_of_a_callback",
    "freeze_attacher",
    "freeze_awaiter",
    "freeze_canceller",
    "freeze_closer",
    "freeze_completer",
    "freeze_completer_of_a_stream",
    "freeze_completer_while_attaching",
    "freeze_completers_of_shared_handles",
    "freeze_detacher",
    "freeze_holder",
    "freeze_joiner_of_a_scope",
    "freeze_leaver_of_a_scope",
    "freeze_leaver_of_a_shared_handle",
    "freeze_scope",
    "freeze_submitter",
    "freeze_submitter_before_others",
    "freeze_submitter_to_a_bounded_pool",
    "freeze_thief",
    "freeze_waiter_of_a_shared_handle",
    "freeze_worker",
    "freeze_worker_before_others",
    "halt_vs_cancel",
    "halt_vs_nested_submit",
    "halt_vs_steal",
    "halt_vs_submit",
    "halt_vs_try_submit",
    "helping_wait_parks",
    "inbox_vs_last_sleeper",
    "into_unfinished_then_drop",
    "into_unfinished_then_elsewhere",
    "into_unfinished_vs_complete_one",
    "into_unfinished_vs_complete_two",
    "join_timeout_then_drop",
    "join_timeout_then_elsewhere",
    "join_timeout_vs_complete",
    "last_canceller_frees_the_value",
    "last_owner_frees_once",
    "left_to_the_holder",
    "linear_close",
    "linear_deliveries",
    "linear_task",
    "nested_wait",
    "on_complete_vs_abandon",
    "on_complete_vs_cancel",
    "on_complete_vs_complete",
    "park_unpark_lost_wakeup_one",
    "park_unpark_lost_wakeup_twice",
    "park_unpark_lost_wakeup_two",
    "pool_drains",
    "pool_dropped_inside",
    "pool_ends",
    "pool_not_built",
    "pool_sleep",
    "pool_sleeps_twice",
    "push_vs_take",
    "recycled_signal",
    "recycled_waker_slot",
    "refused_join",
    "refused_wait_of_a_set",
    "room_made_for_two",
    "room_made_vs_wait",
    "room_vs_halt",
    "runnable_dropped",
    "scope_exit_vs_cancel",
    "scope_exit_vs_complete",
    "scope_exit_vs_drop_handle",
    "scope_exit_vs_join",
    "shared_await_vs_complete",
    "shared_callback_comes_last",
    "shared_callback_vs_complete",
    "shared_into_unfinished_vs_complete",
    "shared_last_handle_vs_complete",
    "shared_spare_elsewhere",
    "shared_wait_vs_cancel",
    "shared_wait_vs_complete",
    "shared_waiter_leaves_vs_complete",
    "shared_waiters_vs_complete",
    "shutdown_vs_submit",
    "steal_vs_pop",
    "steal_vs_refill",
    "stream_dropped_vs_push",
    "stream_vs_push_one",
    "stream_vs_push_two",
    "timeout_then_drop",
    "timeout_then_into_unfinished",
    "timeout_vs_complete_one",
    "timeout_vs_complete_two",
    "try_join_vs_complete",
    "twin_exchange_then_link",
    "twin_one_shot_token",
    "twin_slot_array",
    "twin_taken_waker",
    "two_as_completed_one",
    "two_as_completed_two",
    "two_pushers",
    "two_sets",
    "two_takers",
    "wake_handed_on",
    "waker_reregistration_handle",
    "waker_reregistration_stream",
];
