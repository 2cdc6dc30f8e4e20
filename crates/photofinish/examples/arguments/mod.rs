//! The one argument that the examples with sleeping tasks take.

/// Reads `--scale FACTOR` from the command line's arguments; 1 if it is not given.
pub(crate) fn scale(arguments: impl IntoIterator<Item = String>) -> Result<f64, String> {
    let mut arguments = arguments.into_iter();
    let mut scale = 1.0;
    while let Some(argument) = arguments.next() {
        if argument != "--scale" {
            return Err(complain(&format!("unknown argument {argument:?}")));
        }
        let factor = arguments.next().ok_or_else(|| complain("--scale needs a number"))?;
        scale = match factor.parse() {
            Ok(number) if (0.0..=1000.0).contains(&number) => number,
            _ => return Err(complain(&format!("{factor:?} is no number from 0 to 1000"))),
        };
    }
    Ok(scale)
}

fn complain(what: &str) -> String {
    format!(
        "{what}\nvalid: --scale FACTOR, by which all sleeps are multiplied (0.1: ten times faster)"
    )
}
