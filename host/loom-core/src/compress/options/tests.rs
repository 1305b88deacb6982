//! When compression is due, and which options are refused.

use super::*;

fn with(change: impl FnOnce(&mut CompressionOptions)) -> CompressionOptions {
    let mut options = CompressionOptions::default();
    change(&mut options);
    options
}

#[test]
fn the_threshold_holds_to_the_token() {
    let limit = |threshold, window| with(|o| o.threshold = threshold).limit(window);
    assert_eq!(limit(0.92, 100_000), 92_000);
    assert_eq!(limit(0.92, 128_000), 117_760);
    assert_eq!(limit(0.92, 101), 93, "92.92, rounded up");
    assert_eq!(limit(0.3, 10), 3, "0.3 is a hair less than three tenths");
    assert_eq!(limit(1.0, u64::MAX), u64::MAX);
    let options = CompressionOptions::default();
    assert!(!options.is_due(91_999, 100_000));
    assert!(options.is_due(92_000, 100_000));
}

#[test]
fn options_that_mean_nothing_are_refused() {
    type Fault = CompressionOptionsError;
    let fault = |change: fn(&mut CompressionOptions)| with(change).validate().err();
    assert_eq!(CompressionOptions::default().validate(), Ok(()));
    assert_eq!(fault(|o| o.threshold = 0.0), Some(Fault::Threshold(0.0)));
    assert_eq!(fault(|o| o.threshold = 1.1), Some(Fault::Threshold(1.1)));
    assert!(matches!(
        fault(|o| o.threshold = f64::NAN),
        Some(Fault::Threshold(_))
    ));
    assert!(matches!(
        fault(|o| o.target = 0.92),
        Some(Fault::Target { .. })
    ));
    assert!(matches!(
        fault(|o| o.target = f64::NAN),
        Some(Fault::Target { .. })
    ));
    assert!(matches!(
        fault(|o| o.recent = -0.1),
        Some(Fault::Recent { .. })
    ));
    assert_eq!(
        fault(|o| o.pinned = vec![" ".to_owned()]),
        Some(Fault::EmptyPin)
    );
}
