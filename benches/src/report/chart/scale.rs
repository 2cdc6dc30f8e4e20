//! From values to places.

use crate::report::number::grouped;

/// A linear or logarithmic axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    values: (f64, f64),
    places: (f64, f64),
    logarithmic: bool,
}

impl Scale {
    /// An axis on which equal steps are equal amounts.
    pub(super) fn linear(values: (f64, f64), places: (f64, f64)) -> Self {
        Self { values, places, logarithmic: false }
    }

    /// An axis on which equal steps are equal ratios.
    pub(super) fn logarithmic(values: (f64, f64), places: (f64, f64)) -> Self {
        Self { values, places, logarithmic: true }
    }

    /// Where `value` is.
    pub(super) fn at(&self, value: f64) -> f64 {
        let (from, to) = self.values;
        let share = if self.logarithmic {
            (value.max(from.min(to)) / from).ln() / (to / from).ln()
        } else {
            (value - from) / (to - from)
        };
        self.places.0 + share.clamp(0.0, 1.0) * (self.places.1 - self.places.0)
    }

    /// Values to be labelled on a logarithmic axis of nanoseconds: powers of ten, with 2 and 5
    /// between them where there is room.
    pub(super) fn decades(&self) -> Vec<(f64, String)> {
        let (from, to) = self.values;
        let steps: &[f64] = if to / from <= 30.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = (0..13).map(|power| 10_f64.powi(power));
        let values = powers.flat_map(|power| steps.iter().map(move |step| step * power));
        let inside = values.filter(|value| (from..=to).contains(value));
        inside.map(|value| (value, grouped(value as u64))).collect()
    }

    /// About five round values of a linear axis.
    pub(super) fn round_values(&self) -> Vec<(f64, String)> {
        const ABOUT: f64 = 5.0;
        let (from, to) = self.values;
        let rough = (to - from) / ABOUT;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
        let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(power);
        let count = ((to - from) / step + 1e-9).floor() as usize;
        let values = (0..=count).map(|nth| from + nth as f64 * step);
        values.map(|value| (value, grouped(value as u64))).collect()
    }
}

/// The range of `values`, a little wider, for a logarithmic axis.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    const WIDER: f64 = 1.25;
    let values = values.map(|value| value.max(1.0));
    let (low, high) = values
        .fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    (high > 0.0).then_some((low / WIDER, high * WIDER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ratios_are_equal_steps() {
        let scale = Scale::logarithmic((1.0, 10_000.0), (0.0, 400.0));
        let places = [1.0, 10.0, 100.0, 10_000.0].map(|value| scale.at(value).round());
        assert_eq!(places, [0.0, 100.0, 200.0, 400.0]);
    }

    #[test]
    fn labels_are_round() {
        let labels = |ticks: Vec<(f64, String)>| ticks.into_iter().map(|(_, label)| label);
        let scale = Scale::logarithmic((800.0, 12_000.0), (0.0, 1.0));
        let decades: Vec<String> = labels(scale.decades()).collect();
        assert_eq!(decades, ["1,000", "2,000", "5,000", "10,000"]);
        let scale = Scale::linear((0.0, 3_700_000.0), (0.0, 1.0));
        let round: Vec<String> = labels(scale.round_values()).collect();
        assert_eq!(round, ["0", "1,000,000", "2,000,000", "3,000,000"]);
    }
}
