//! A line for each series.

use std::io::{self, Write};

use crate::percentile::Percentile;
use crate::results::Results;

/// Writes the results to `out`: lengths in nanoseconds, nothing where a sample is too small.
///
/// # Errors
///
/// Those of writing to `out`.
pub fn write(results: &Results, out: &mut impl Write) -> io::Result<()> {
    write!(out, "scenario,design,measure,count,min,mean,standard_deviation")?;
    for percentile in Percentile::ALL {
        write!(out, ",{percentile}")?;
    }
    writeln!(out, ",max,target_rate,achieved_rate,saturated")?;
    for findings in &results.scenarios {
        for design in findings.sound() {
            for sample in &design.samples {
                let number = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
                write!(out, "{},{},{}", findings.scenario, design.design, sample.measure)?;
                let (mean, deviation) = (sample.mean, sample.standard_deviation);
                write!(out, ",{},{},{mean},{deviation}", sample.count, sample.min)?;
                for percentile in Percentile::ALL {
                    let value = sample.percentiles.at(percentile);
                    write!(out, ",{}", value.map_or(String::new(), |value| value.to_string()))?;
                }
                let (target, achieved) = (findings.target_rate, design.achieved_rate);
                let (target, achieved) = (number(target), number(achieved));
                writeln!(out, ",{},{target},{achieved},{}", sample.max, design.saturated)?;
            }
        }
    }
    Ok(())
}
