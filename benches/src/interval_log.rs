//! The log of every interval: each round of each series, as HdrHistogram's own tools read it.

use std::fmt;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

/// A log in the making. Values are nanoseconds; the maximum column, which some tools read as
/// milliseconds, is in nanoseconds as well.
///
/// ```
/// use photofinish_bench::interval_log::IntervalLog;
/// use photofinish_bench::recorder::histogram;
/// use std::time::{Duration, SystemTime};
///
/// let mut log = IntervalLog::begin(SystemTime::now());
/// let mut sample = histogram();
/// sample.record(1_500).unwrap();
/// log.add("window-64-empty/std-mpsc/delivery", Duration::ZERO, Duration::from_secs(1), &sample);
/// assert!(log.text().contains("Tag=window-64-empty/std-mpsc/delivery,0.000,1.000,"));
/// ```
pub struct IntervalLog {
    text: Vec<u8>,
    serializer: V2DeflateSerializer,
}

impl IntervalLog {
    /// A log of intervals that are counted from `start`.
    pub fn begin(start: SystemTime) -> Self {
        let mut log = Self { text: Vec::new(), serializer: V2DeflateSerializer::new() };
        IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment("values in nanoseconds; the tag is scenario/design/measure")
            .with_start_time(start)
            .with_base_time(start)
            .begin_log_with(&mut log.text, &mut log.serializer)
            .expect("memory can be written to");
        log
    }

    /// Adds what was recorded in the interval of `length` that began `offset` after the start.
    ///
    /// # Panics
    ///
    /// If `tag` contains a comma, a space or a line break.
    pub fn add(&mut self, tag: &str, offset: Duration, length: Duration, sample: &Histogram<u64>) {
        let tag = Tag::new(tag).expect("names have neither commas nor spaces");
        // A builder without settings writes no header of its own.
        IntervalLogWriterBuilder::new()
            .begin_log_with(&mut self.text, &mut self.serializer)
            .expect("memory can be written to")
            .write_histogram(sample, offset, length, Some(tag))
            .expect("a histogram of these bounds can be written");
    }

    /// The log so far.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.text).expect("the log is text")
    }
}

impl fmt::Debug for IntervalLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntervalLog").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::recorder::histogram;

    #[test]
    fn what_is_logged_is_read_again_by_the_library() {
        let mut log = IntervalLog::begin(SystemTime::now());
        let samples = [[1_u64, 100, 1_000_000], [7, 7, 8]].map(|values| {
            let mut sample = histogram();
            values.into_iter().for_each(|value| sample.record(value).unwrap());
            sample
        });
        for (sample, tag) in samples.iter().zip(["a/b/delivery", "a/c/queue-wait"]) {
            log.add(tag, Duration::from_millis(250), Duration::from_millis(800), sample);
        }
        let entries = IntervalLogIterator::new(log.text().as_bytes()).map(Result::unwrap);
        let mut read = Vec::new();
        for entry in entries {
            let LogEntry::Interval(interval) = entry else { continue };
            assert_eq!(interval.start_timestamp(), Duration::from_millis(250));
            assert_eq!(interval.duration(), Duration::from_millis(800));
            let encoded = interval.encoded_histogram();
            let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
            let sample = Deserializer::new().deserialize::<u64, _>(&mut &bytes[..]).unwrap();
            read.push((interval.tag().unwrap().as_str().to_owned(), sample));
        }
        let tags: Vec<_> = read.iter().map(|(tag, _)| tag.as_str()).collect();
        assert_eq!(tags, ["a/b/delivery", "a/c/queue-wait"]);
        assert!(read.iter().zip(&samples).all(|((_, read), sample)| read == sample));
    }
}
