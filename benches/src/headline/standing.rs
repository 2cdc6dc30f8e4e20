//! What everybody came to, not only the best.

use std::fmt;

use serde::Serialize;

use crate::headline::entrant::Entrant;
use crate::headline::figure::Figure;
use crate::headline::records::Records;
use crate::headline::table::digits;

/// One figure of somebody who took part.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// Who.
    pub name: &'static str,
    /// Threads of the pool.
    pub workers: usize,
    /// The figure.
    pub workload: String,
    /// What it is counted in.
    pub unit: &'static str,
    /// The median over the rounds.
    pub median: f64,
    /// Each round's value.
    pub rounds: Vec<f64>,
    /// Each round's cores in use, the pacing left out.
    pub cores: Vec<Option<f64>>,
}

/// Everybody's, figure by figure.
#[derive(Debug)]
pub struct Standings(Vec<Standing>);

impl Standings {
    /// Everything that was measured.
    pub fn new(records: &Records, workers: &[usize]) -> Self {
        let mut all = Vec::new();
        for &workers in workers {
            for figure in Figure::all() {
                for entrant in Entrant::all() {
                    all.extend(Self::one(records, entrant, workers, figure));
                }
            }
        }
        Self(all)
    }

    fn one(
        records: &Records,
        entrant: Entrant,
        workers: usize,
        figure: Figure,
    ) -> Option<Standing> {
        let at = (entrant, workers, figure);
        let readings: Vec<_> = records.measured(at).collect();
        let median =
            records.median(at, |reading| Some(reading.value)).filter(|_| !readings.is_empty())?;
        Some(Standing {
            name: entrant.name(),
            workers,
            workload: figure.to_string(),
            unit: figure.unit(),
            median,
            rounds: readings.iter().map(|reading| reading.value).collect(),
            cores: readings.iter().map(|reading| reading.cores).collect(),
        })
    }

    /// For the file.
    pub fn all(&self) -> &[Standing] {
        &self.0
    }
}

impl fmt::Display for Standings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same =
            |a: &Standing, b: &Standing| (&a.workload, a.workers) == (&b.workload, b.workers);
        for group in self.0.chunk_by(same) {
            let Some(Standing { workload, workers, unit, .. }) = group.first() else { continue };
            writeln!(f, "{workload}, workers {workers} ({unit}): median [lowest..highest], cores")?;
            for Standing { name, median, rounds, cores, .. } in group {
                let low = rounds.iter().copied().fold(f64::INFINITY, f64::min);
                let high = rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                write!(f, "  {name:<24} {:>8}  ", digits(*median))?;
                write!(f, "{:<20}", format!("[{}..{}]", digits(low), digits(high)))?;
                let known: Vec<f64> = cores.iter().flatten().copied().collect();
                if !known.is_empty() {
                    write!(f, " {:.1}", known.iter().sum::<f64>() / known.len() as f64)?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}
