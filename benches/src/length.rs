//! Lengths of time on the command line.

use std::str::FromStr;
use std::time::Duration;

/// A length of time on the command line.
///
/// ```
/// use photofinish_bench::length::Length;
/// use std::time::Duration;
///
/// assert_eq!("1.5us".parse(), Ok(Length(Duration::from_nanos(1_500))));
/// assert!("20".parse::<Length>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(pub Duration);

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        /// Sums and products of what is asked for are lengths of time as well.
        const LONGEST: Duration = Duration::from_secs(3_600);
        let help = || {
            format!(
                "{text:?} is no length of time; one looks like 500ns, 20us, 1.5ms or 2s, up to 3600s"
            )
        };
        let digits = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(help)?;
        let (number, unit) = text.split_at(digits);
        let seconds = match unit {
            "ns" => 1e-9,
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            _ => return Err(help()),
        };
        let number: f64 = number.trim().parse().map_err(|_| help())?;
        let length = Duration::try_from_secs_f64(number * seconds).map_err(|_| help())?;
        if length > LONGEST { Err(help()) } else { Ok(Self(length)) }
    }
}
