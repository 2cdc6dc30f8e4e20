//! Ours, the best rival and the limit, over all rounds.

use serde::{Deserialize, Serialize};

use crate::headline::entrant::{Entrant, Path};
use crate::headline::figure::Figure;
use crate::headline::records::Records;

/// Whom a path is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The best of the whole systems.
    Rivals,
    /// The best of those whose consumer parks.
    RivalsThatPark,
    /// Our pool with another way back.
    SamePool(Entrant),
}

/// One line of the headline, to be filled in.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// What was measured.
    pub figure: Figure,
    /// With how many workers.
    pub workers: usize,
    /// On which path.
    pub path: Path,
    /// Compared with whom.
    pub field: Field,
}

/// One line of the headline. The fields are those of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was played, and what it came to.
    pub workload: String,
    /// Threads of the pool.
    pub workers: usize,
    /// Our path.
    pub path: String,
    /// The median over the rounds.
    pub ours: f64,
    /// What it is counted in.
    pub unit: String,
    /// Whether less is better.
    pub lower_is_better: bool,
    /// Who was best of those compared.
    pub best_rival: Option<String>,
    /// The best rival's median over the rounds.
    pub rival: Option<f64>,
    /// How many times better ours is than the best rival: the median of the rounds' ratios.
    pub ratio: Option<f64>,
    /// The lowest of the rounds' ratios.
    pub ratio_low: Option<f64>,
    /// The highest of the rounds' ratios.
    pub ratio_high: Option<f64>,
    /// The median over the rounds of what the machine allows.
    pub limit: Option<f64>,
    /// What that is.
    pub limit_name: Option<String>,
    /// How many times worse than the limit ours is: the median of the rounds' ratios.
    pub times_limit: Option<f64>,
    /// In how many rounds it was measured.
    pub rounds: usize,
    /// Cores in use meanwhile, by all threads together, the pacing left out.
    pub cpu_cores: Option<f64>,
    /// The same of the best rival: printed, and not part of the file.
    #[serde(skip)]
    pub rival_cores: Option<f64>,
}

impl Line {
    /// Every line there is.
    pub fn all(workers: &[usize]) -> Vec<Self> {
        let mut lines = Vec::new();
        for &workers in workers {
            for figure in Figure::all() {
                let parked = figure == Figure::PacedParked;
                let field = if parked { Field::RivalsThatPark } else { Field::Rivals };
                lines.extend(Path::ALL.map(|path| Self { figure, workers, path, field }));
            }
            for figure in [Figure::Windows, Figure::InFlightP50, Figure::Instructions] {
                let field = Entrant::OTHER_WAYS_BACK.map(Field::SamePool);
                lines.extend(field.map(|field| Self { figure, workers, path: Path::B, field }));
            }
        }
        lines
    }

    fn workload(self) -> String {
        match self.field {
            Field::Rivals | Field::RivalsThatPark => self.figure.to_string(),
            Field::SamePool(other) => format!("{} own pool, {other}", self.figure),
        }
    }

    fn field(self) -> Vec<Entrant> {
        match self.field {
            Field::Rivals => Entrant::RIVALS.to_vec(),
            Field::RivalsThatPark => {
                Entrant::RIVALS.into_iter().filter(|rival| rival.parks()).collect()
            }
            Field::SamePool(other) => vec![other],
        }
    }

    /// What plays the same at the least cost there can be; of growth there is none.
    fn limit(self) -> Option<Entrant> {
        match self.figure {
            Figure::PacedParked => Some(Entrant::ParkingRings),
            Figure::Growth => None,
            _ => Some(Entrant::Rings),
        }
    }

    /// Fills the line in; `None` if ours was not measured, or the only other.
    pub fn fill_in(self, records: &Records) -> Option<Row> {
        let Self { figure, workers, path, .. } = self;
        let ours = Entrant::Path(path);
        let value = |entrant| records.median((entrant, workers, figure), |r| Some(r.value));
        let cores = |entrant| records.median((entrant, workers, figure), |r| r.cores);
        let rivals = self.field().into_iter().filter_map(|rival| Some((rival, value(rival)?)));
        let best =
            rivals.reduce(
                |best, other| {
                    if figure.times_better(best.1, other.1) < 1.0 { other } else { best }
                },
            );
        let ratio = best.and_then(|(rival, _)| records.ratio((ours, rival), workers, figure));
        // Better than what is nothing already, or nothing against something: there is no number.
        let ratio = ratio.filter(|ratio| ratio.median.is_finite());
        if matches!(self.field, Field::SamePool(_)) && best.is_none() {
            return None;
        }
        let yardstick = self.limit();
        let limit = yardstick.and_then(value);
        let times = yardstick.and_then(|limit| records.ratio((limit, ours), workers, figure));
        Some(Row {
            workload: self.workload(),
            workers,
            path: path.to_string(),
            ours: value(ours)?,
            unit: figure.unit().to_owned(),
            lower_is_better: figure.lower_is_better(),
            best_rival: best.map(|(rival, _)| rival.name().to_owned()),
            rival: best.map(|(_, value)| value),
            ratio: ratio.map(|ratio| ratio.median),
            ratio_low: ratio.map(|ratio| ratio.low),
            ratio_high: ratio.map(|ratio| ratio.high),
            limit,
            limit_name: yardstick.filter(|_| limit.is_some()).map(|limit| limit.name().to_owned()),
            times_limit: times.map(|times| times.median),
            rounds: records.readings(ours, workers, figure).flatten().count(),
            cpu_cores: cores(ours),
            rival_cores: best.and_then(|(rival, _)| cores(rival)),
        })
    }
}

#[cfg(test)]
mod tests {
    use photofinish_baselines::Entry;

    use super::*;
    use crate::headline::figure::Reading;

    const B: Entrant = Entrant::Path(Path::B);
    const POOL: Entrant = Entrant::Design(Entry::CrossbeamPool);
    const KANAL: Entrant = Entrant::Design(Entry::RayonKanal);

    /// Three rounds of `figure` with one worker.
    fn records(figure: Figure, everybody: &[(Entrant, [f64; 3])]) -> Records {
        let mut records = Records::default();
        for round in 0..3 {
            records.next_round();
            for (entrant, values) in everybody {
                let (value, cores) = (values[round], Some(1.0 + round as f64));
                records.note(*entrant, 1, Reading { figure, value, cores });
            }
        }
        records
    }

    fn row(figure: Figure, field: Field, records: &Records) -> Option<Row> {
        Line { figure, workers: 1, path: Path::B, field }.fill_in(records)
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_with_their_whole_interval() {
        // The second round was slow for everybody, the third for us alone.
        let ours = (B, [100.0, 200.0, 150.0]);
        let rivals = [(POOL, [300.0, 640.0, 300.0]), (KANAL, [900.0, 100.0, 900.0])];
        let limit = (Entrant::Rings, [50.0, 50.0, 50.0]);
        let all = records(Figure::Windows, &[ours, rivals[0], rivals[1], limit]);
        let row = row(Figure::Windows, Field::Rivals, &all).unwrap();
        assert_eq!(row.best_rival.as_deref(), Some("channel-pool"));
        assert_eq!((row.ours, row.rival), (150.0, Some(300.0)));
        assert_eq!((row.ratio, row.ratio_low, row.ratio_high), (Some(3.0), Some(2.0), Some(3.2)));
        assert_eq!((row.limit, row.times_limit), (Some(50.0), Some(3.0)));
        assert_eq!((row.rounds, row.cpu_cores, row.rival_cores), (3, Some(2.0), Some(2.0)));
    }

    #[test]
    fn where_more_is_better_the_ratios_are_turned_round() {
        let all =
            [(B, [90.0; 3]), (POOL, [45.0; 3]), (KANAL, [30.0; 3]), (Entrant::Rings, [99.0; 3])];
        let row = row(Figure::Micro1, Field::Rivals, &records(Figure::Micro1, &all)).unwrap();
        assert_eq!(row.best_rival.as_deref(), Some("channel-pool"));
        assert_eq!((row.ratio, row.times_limit), (Some(2.0), Some(1.1)));
        assert!(!row.lower_is_better);
    }

    #[test]
    fn a_parked_consumer_is_compared_with_those_that_park() {
        let mut all = records(Figure::Paced, &[(POOL, [9.0; 3]), (KANAL, [0.5; 3])]);
        let parked = Reading { figure: Figure::PacedParked, value: 8.0, cores: None };
        all.note(B, 1, parked);
        let row = row(Figure::PacedParked, Field::RivalsThatPark, &all).unwrap();
        assert_eq!((row.best_rival.as_deref(), row.rival), (Some("channel-pool"), Some(9.0)));
        assert_eq!((row.rounds, row.ratio), (1, Some(9.0 / 8.0)));
    }

    #[test]
    fn what_was_not_measured_has_no_row() {
        let all = records(Figure::Windows, &[(B, [1.0; 3])]);
        assert!(row(Figure::Drain, Field::Rivals, &all).is_none());
        assert!(row(Figure::Windows, Field::SamePool(POOL), &all).is_none());
        let alone = row(Figure::Windows, Field::Rivals, &all).unwrap();
        assert_eq!((alone.best_rival, alone.ratio, alone.limit), (None, None, None));
    }

    #[test]
    fn nothing_against_something_has_no_ratio() {
        let all = records(Figure::Mallocs, &[(B, [0.0; 3]), (POOL, [1.0; 3])]);
        let row = row(Figure::Mallocs, Field::Rivals, &all).unwrap();
        assert_eq!((row.ours, row.rival, row.ratio), (0.0, Some(1.0), None));
    }

    #[test]
    fn the_file_has_these_fields_and_no_others() {
        let all = records(Figure::Windows, &[(B, [1.0; 3]), (POOL, [2.0; 3])]);
        let row = row(Figure::Windows, Field::Rivals, &all).unwrap();
        let object = serde_json::to_value(&row).unwrap();
        let fields: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = [
            "workload",
            "workers",
            "path",
            "ours",
            "unit",
            "lower_is_better",
            "best_rival",
            "rival",
            "ratio",
            "ratio_low",
            "ratio_high",
            "limit",
            "limit_name",
            "times_limit",
            "rounds",
            "cpu_cores",
        ];
        let sorted = |fields: &mut [&str]| fields.sort_unstable();
        sorted(&mut expected);
        assert_eq!(fields, expected);
        assert!(object["ratio"].is_f64() && object["limit"].is_null());
        assert_eq!((object["path"].as_str(), object["workers"].as_u64()), (Some("B"), Some(1)));
    }

    #[test]
    fn each_line_is_there_once() {
        let lines = Line::all(&[1, 2]);
        let name = |line: &Line| (line.workload(), line.workers, line.path.to_string());
        let names: std::collections::HashSet<_> = lines.iter().map(name).collect();
        assert_eq!(names.len(), lines.len());
    }
}
