//! Numbers, as people read them.

use crate::ratio::{Ratio, Verdict};

/// A number with its digits in groups of three; a dash if there is none.
pub(super) fn printed(value: Option<u64>) -> String {
    value.map_or("-".to_owned(), grouped)
}

/// A number with its digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

/// How many times as long: two digits, and more or fewer where they would say nothing or too much.
pub(super) fn times(ratio: f64) -> String {
    let decimals = match ratio {
        ..0.1 => 4,
        ..100.0 => 2,
        _ => 0,
    };
    format!("{ratio:.decimals$}")
}

/// A ratio and its interval; `=` marks that rounds disagree, `?` that there are too few.
pub(super) fn interval(ratio: Ratio) -> String {
    let [median, low, high] = [ratio.median, ratio.low, ratio.high].map(times);
    let mark = match ratio.verdict() {
        Verdict::NoDifference => "=",
        Verdict::TooFewRounds => "?",
        Verdict::Longer | Verdict::Shorter => " ",
    };
    format!("{median} [{low}..{high}]{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        let printed = [0, 999, 1_000, 12_345_678].map(grouped);
        assert_eq!(printed, ["0", "999", "1,000", "12,345,678"]);
    }

    #[test]
    fn ratios_have_the_digits_that_tell_something() {
        let printed = [0.0047, 0.1, 0.987, 99.987, 340.09].map(times);
        assert_eq!(printed, ["0.0047", "0.10", "0.99", "99.99", "340"]);
    }

    #[test]
    fn an_interval_around_one_is_marked_as_a_tie() {
        let ratio = Ratio { median: 1.1, low: 0.9, high: 1.3, confidence: 0.95 };
        assert_eq!(interval(ratio), "1.10 [0.90..1.30]=");
        assert_eq!(interval(Ratio { low: 1.05, ..ratio }), "1.10 [1.05..1.30] ");
        assert_eq!(interval(Ratio { low: 1.05, confidence: 0.5, ..ratio }), "1.10 [1.05..1.30]?");
    }
}
