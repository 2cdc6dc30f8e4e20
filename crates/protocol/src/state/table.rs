//! The transition table, and the tests that hold it against the code and the documentation.

use std::collections::BTreeSet;

use super::*;

/// One line of the table: what a verb does to a word of a certain kind.
struct Row {
    verb: Verb,
    when: When,
    sets: usize,
    clears: usize,
    owed: &'static str,
}

macro_rules! verbs {
    ($($verb:ident $name:literal,)*) => {
        /// The transitions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        enum Verb {
            $($verb,)*
        }

        const VERBS: &[Verb] = &[$(Verb::$verb,)*];

        impl Verb {
            /// Its name in the documentation.
            fn name(self) -> &'static str {
                match self {
                    $(Self::$verb => $name,)*
                }
            }
        }
    };
}

verbs! {
    Claim "claim",
    Return "complete: returned",
    Fail "complete: failed",
    Revoke "complete: revoked",
    ReleaseRunner "release runner",
    Attach "attach",
    Cancel "cancel",
    Detach "detach",
    Leave "leave",
    Take "take",
    ReleaseHandle "release handle",
    Receive "receive",
    Settle "settle",
    Reclaim "reclaim",
    AddCanceller "add canceller",
    ReleaseCanceller "release canceller",
}

use Verb::*;

/// A condition on the word before the transition, and its name in the documentation.
struct When(&'static str, fn(Snapshot) -> bool);

const ALWAYS: fn(Snapshot) -> bool = |_| true;
const PENDING: fn(Snapshot) -> bool = |s| s.phase() == Phase::Pending;
const FINISHED: fn(Snapshot) -> bool = |s| s.is_finished();
const UNFINISHED: fn(Snapshot) -> bool = |s| !s.is_finished();
const ATTACHED_: fn(Snapshot) -> bool = |s| s.is_attached();

/// Whether nobody but the runner holds a share.
const ONLY_RUNNER: fn(Snapshot) -> bool =
    |s| !s.is_attached() && s.has(HANDLE_GONE) && s.cancellers() == 0;
const MORE_THAN_RUNNER: fn(Snapshot) -> bool = |s| !s.is_attached() && !ONLY_RUNNER(s);
const OTHERS_BESIDE_RUNNER: fn(Snapshot) -> bool = |s| !ONLY_RUNNER(s);
/// Whether nobody but the handle holds a share.
const ONLY_HANDLE: fn(Snapshot) -> bool = |s| !s.is_attached() && s.is_alone();
const OTHERS_BESIDE_HANDLE: fn(Snapshot) -> bool = |s| !ONLY_HANDLE(s);
const ALONE: fn(Snapshot) -> bool = |s| s.is_alone();
const NOT_ALONE: fn(Snapshot) -> bool = |s| !s.is_alone();
const ONLY_DELIVERY: fn(Snapshot) -> bool = |s| s.is_alone() && s.has(HANDLE_GONE);
const OTHERS_BESIDE_DELIVERY: fn(Snapshot) -> bool = |s| !ONLY_DELIVERY(s);
/// Whether one canceller, and nobody else, holds a share.
const ONLY_CANCELLER: fn(Snapshot) -> bool =
    |s| !s.is_attached() && s.has(HANDLE_GONE) && s.has(RUNNER_GONE) && s.cancellers() == 1;
const OTHERS_BESIDE_CANCELLER: fn(Snapshot) -> bool = |s| !ONLY_CANCELLER(s);

const fn row(
    verb: Verb,
    when: &'static str,
    holds: fn(Snapshot) -> bool,
    sets: usize,
    clears: usize,
    owed: &'static str,
) -> Row {
    Row { verb, when: When(when, holds), sets, clears, owed }
}

const RETURNED: usize = DONE | RUNNER_GONE;
const FAILED_: usize = DONE | FAILED | RUNNER_GONE;
const REVOKED: usize = CANCELLED | RUNNER_GONE;
const GIVEN_UP: usize = HANDLE_GONE | TAKEN;

/// The transitions of the state word.
const TABLE: &[Row] = &[
    row(Claim, "pending", PENDING, CLAIMED, 0, "Run"),
    row(Claim, "cancelled", FINISHED, CLAIMED, 0, "Leave"),
    row(Return, "attached", ATTACHED_, RETURNED, 0, "Deliver"),
    row(Return, "only the runner is left", ONLY_RUNNER, RETURNED, 0, "Free"),
    row(Return, "not attached, others are left", MORE_THAN_RUNNER, RETURNED, 0, "Nothing"),
    row(Fail, "attached", ATTACHED_, FAILED_, 0, "Deliver"),
    row(Fail, "only the runner is left", ONLY_RUNNER, FAILED_, 0, "Free"),
    row(Fail, "not attached, others are left", MORE_THAN_RUNNER, FAILED_, 0, "Nothing"),
    row(Revoke, "attached", ATTACHED_, REVOKED, 0, "Deliver"),
    row(Revoke, "only the runner is left", ONLY_RUNNER, REVOKED, 0, "Free"),
    row(Revoke, "not attached, others are left", MORE_THAN_RUNNER, REVOKED, 0, "Nothing"),
    row(ReleaseRunner, "only the runner is left", ONLY_RUNNER, RUNNER_GONE, 0, "Free"),
    row(ReleaseRunner, "others are left", OTHERS_BESIDE_RUNNER, RUNNER_GONE, 0, "Nothing"),
    row(Attach, "unfinished", UNFINISHED, ATTACHED, 0, "Promised"),
    row(Attach, "finished", FINISHED, 0, 0, "Finished"),
    row(Cancel, "pending, attached", |s| PENDING(s) && s.is_attached(), CANCELLED, 0, "Deliver"),
    row(
        Cancel,
        "pending, not attached",
        |s| PENDING(s) && !s.is_attached(),
        CANCELLED,
        0,
        "Nothing",
    ),
    row(Cancel, "running", |s| s.phase() == Phase::Running, REQUESTED, 0, "Requested"),
    row(Cancel, "cancelled", |s| s.phase() == Phase::Cancelled, 0, 0, "Cancelled"),
    row(Cancel, "returned or failed", |s| s.has(DONE), 0, 0, "Completed"),
    row(Detach, "unfinished", UNFINISHED, 0, ATTACHED, "Withdrawn"),
    row(Detach, "finished", FINISHED, SPLIT, 0, "Delivering"),
    row(Leave, "unfinished", UNFINISHED, HANDLE_GONE, 0, "Left"),
    row(Leave, "finished", FINISHED, 0, 0, "Finished"),
    row(Take, "always", ALWAYS, TAKEN, 0, "Nothing"),
    row(ReleaseHandle, "only the handle is left", ONLY_HANDLE, GIVEN_UP, 0, "Free"),
    row(ReleaseHandle, "others are left", OTHERS_BESIDE_HANDLE, GIVEN_UP, 0, "Nothing"),
    row(Receive, "runner and cancellers have left", ALONE, GIVEN_UP, ATTACHED, "Free"),
    row(Receive, "others are left", NOT_ALONE, GIVEN_UP, ATTACHED, "Nothing"),
    row(Settle, "all others have left", ONLY_DELIVERY, 0, ATTACHED | SPLIT, "Free"),
    row(Settle, "others are left", OTHERS_BESIDE_DELIVERY, 0, ATTACHED | SPLIT, "Nothing"),
    row(Reclaim, "always", ALWAYS, 0, ATTACHED, "Nothing"),
    row(AddCanceller, "always", ALWAYS, 0, 0, "Nothing"),
    row(ReleaseCanceller, "only this canceller is left", ONLY_CANCELLER, 0, 0, "Free"),
    row(ReleaseCanceller, "others are left", OTHERS_BESIDE_CANCELLER, 0, 0, "Nothing"),
];

/// Whether some holder of a share may do this to the task.
fn is_legal(verb: Verb, word: Snapshot) -> bool {
    let handle_is_outside = !word.has(HANDLE_GONE) && (!word.is_attached() || word.is_split());
    let consumer_holds_both = word.is_attached() && !word.is_split();
    match verb {
        Claim => !word.has(CLAIMED) && !word.has(RUNNER_GONE),
        Return | Fail | Revoke => word.phase() == Phase::Running,
        ReleaseRunner => {
            word.phase() == Phase::Cancelled && word.has(CLAIMED) && !word.has(RUNNER_GONE)
        }
        Attach | Leave => handle_is_outside,
        Take => handle_is_outside && word.is_finished() && !word.is_taken(),
        Cancel => !word.is_free(),
        Detach => consumer_holds_both,
        ReleaseHandle => handle_is_outside && word.is_finished(),
        Receive | Reclaim => consumer_holds_both && word.is_finished(),
        Settle => word.is_split(),
        AddCanceller => !word.is_free() && word.cancellers() < 2,
        ReleaseCanceller => word.cancellers() > 0,
    }
}

/// What the code does.
fn apply(verb: Verb, word: Snapshot) -> (Snapshot, String) {
    fn told<D: std::fmt::Debug>((next, decision): (Snapshot, D)) -> (Snapshot, String) {
        (next, format!("{decision:?}"))
    }
    match verb {
        Claim => told(word.claim()),
        Return => told(word.complete(Verdict::Returned)),
        Fail => told(word.complete(Verdict::Failed)),
        Revoke => told(word.complete(Verdict::Revoked)),
        ReleaseRunner => told(word.release_runner()),
        Attach => told(word.attach()),
        Cancel => match word.cancel() {
            (next, super::Cancel::Won(owed)) => told((next, owed)),
            other => told(other),
        },
        Detach => told(word.detach()),
        Leave => told(word.leave()),
        Take => told((word.take(), Owed::Nothing)),
        ReleaseHandle => told(word.release_handle()),
        Receive => told(word.receive()),
        Settle => told(word.settle()),
        Reclaim => told((word.reclaim(), Owed::Nothing)),
        AddCanceller => told((word.add_canceller(), Owed::Nothing)),
        ReleaseCanceller => told(word.release_canceller()),
    }
}

/// What the table says.
fn look_up(verb: Verb, word: Snapshot) -> (Snapshot, &'static str) {
    let mut rows = TABLE.iter().filter(|row| row.verb == verb && (row.when.1)(word));
    let row = rows.next().unwrap_or_else(|| panic!("no row for {verb:?} on {word:?}"));
    assert!(rows.next().is_none(), "two rows for {verb:?} on {word:?}");
    let counted = match verb {
        AddCanceller => word.0 + CANCELLER,
        ReleaseCanceller => word.0 - CANCELLER,
        _ => word.0,
    };
    (Snapshot((counted | row.sets) & !row.clears), row.owed)
}

/// Whether a word can be that of a task, told without any transition: the list at [`Snapshot`].
fn is_valid(word: Snapshot) -> bool {
    let implies = |condition: bool, conclusion: bool| !condition || conclusion;
    let (claimed, done, failed) = (word.has(CLAIMED), word.has(DONE), word.has(FAILED));
    let (cancelled, attached, split) = (word.has(CANCELLED), word.is_attached(), word.is_split());
    let (taken, handle_gone, runner_gone) =
        (word.has(TAKEN), word.has(HANDLE_GONE), word.has(RUNNER_GONE));
    implies(failed, done)
        && implies(done, claimed && runner_gone && !cancelled)
        && implies(runner_gone, claimed && (done || cancelled))
        && implies(split, attached && word.is_finished())
        && implies(attached && handle_gone, split)
        && implies(split && handle_gone, taken)
        // Only a running task is asked: not one that was cancelled before it ran.
        && implies(word.is_requested(), claimed && (runner_gone || !cancelled))
        && implies(taken, word.is_finished() && (handle_gone || !attached || split))
        && word.cancellers() <= 2
}

/// Every word with up to two cancellers.
fn every_word() -> impl Iterator<Item = Snapshot> {
    (0..3 * CANCELLER).map(Snapshot)
}

#[test]
fn the_code_does_to_every_word_what_the_table_says() {
    for word in every_word().filter(|&word| is_valid(word)) {
        for verb in VERBS.iter().copied().filter(|&verb| is_legal(verb, word)) {
            let (next, decision) = apply(verb, word);
            assert_eq!((next, decision.as_str()), look_up(verb, word), "{verb:?} on {word:?}");
        }
    }
}

#[test]
fn every_row_of_the_table_applies_to_some_word() {
    for row in TABLE {
        let mut words = every_word().filter(|&word| is_valid(word) && is_legal(row.verb, word));
        assert!(words.any(|word| (row.when.1)(word)), "{:?}, {}", row.verb, row.when.0);
    }
}

#[test]
fn the_valid_words_are_those_that_transitions_lead_to() {
    let mut reached = BTreeSet::new();
    let mut fresh = vec![Snapshot::PENDING, Snapshot::PROMISED];
    while let Some(word) = fresh.pop() {
        if reached.insert(word.0) {
            let legal = VERBS.iter().copied().filter(|&verb| is_legal(verb, word));
            fresh.extend(legal.map(|verb| apply(verb, word).0));
        }
    }
    let valid: BTreeSet<usize> =
        every_word().filter(|&word| is_valid(word)).map(|word| word.0).collect();
    let missing: Vec<_> = valid.difference(&reached).map(|&word| Snapshot(word)).collect();
    let surplus: Vec<_> = reached.difference(&valid).map(|&word| Snapshot(word)).collect();
    assert!(missing.is_empty(), "valid, but never reached: {missing:?}");
    assert!(surplus.is_empty(), "reached, but not valid: {surplus:?}");
}

#[test]
fn a_task_is_freed_by_the_transition_that_gives_up_the_last_share_and_by_no_other() {
    for word in every_word().filter(|&word| is_valid(word) && !word.is_free()) {
        for verb in VERBS.iter().copied().filter(|&verb| is_legal(verb, word)) {
            let (next, decision) = apply(verb, word);
            assert_eq!(next.is_free(), decision == "Free", "{verb:?} on {word:?}");
        }
    }
}

#[test]
fn nobody_can_do_anything_to_a_freed_task() {
    for word in every_word().filter(|&word| is_valid(word) && word.is_free()) {
        for &verb in VERBS {
            assert!(!is_legal(verb, word), "{verb:?} on {word:?}");
        }
    }
}

#[test]
fn an_outcome_that_is_left_when_the_task_is_freed_belongs_to_nobody_else() {
    // The handle left before the task finished, so no one can have taken the outcome; and
    // whoever takes it marks the word in the step by which the handle leaves, or before.
    for word in every_word().filter(|&word| is_valid(word) && word.is_free()) {
        assert_eq!(word.holds_outcome(), word.has(DONE) && !word.has(TAKEN), "{word:?}");
    }
}

#[test]
fn the_table_in_the_documentation_is_this_table() {
    const PAGE: &str = include_str!("table.md");
    let names = [
        (CLAIMED, "claimed"),
        (DONE, "done"),
        (FAILED, "failed"),
        (CANCELLED, "cancelled"),
        (ATTACHED, "attached"),
        (SPLIT, "split"),
        (TAKEN, "taken"),
        (HANDLE_GONE, "handle gone"),
        (RUNNER_GONE, "runner gone"),
        (REQUESTED, "requested"),
    ];
    let spell = |flags: usize| {
        let set = names.iter().filter(|(flag, _)| flags & flag != 0);
        set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    };
    let rows: Vec<String> = TABLE
        .iter()
        .map(|row| {
            let (sets, clears) = (spell(row.sets), spell(row.clears));
            let cells = [row.verb.name(), row.when.0, &sets, &clears, row.owed];
            format!("| {} |", cells.join(" | "))
        })
        .collect();
    let documented: Vec<&str> = PAGE
        .lines()
        .skip_while(|line| !line.starts_with("| transition |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert_eq!(documented, rows, "the table should read:\n{}", rows.join("\n"));
}
