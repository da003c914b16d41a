//! What is made of the samples of one cell.

use serde::Serialize;

/// One run of one benchmark on one side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// The value, in the benchmark's unit; of a run that takes many samples itself, their median.
    pub value: f64,
    /// The best value of that run.
    pub best: f64,
    /// Seconds of processor time of the run, the mapper's or the peer's own processes counted in; none where the
    /// run measures itself.
    pub processor: Option<f64>,
}

/// A cell's samples in short.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The median of the runs' values.
    pub median: f64,
    /// The best of all values: the largest of a throughput, else the smallest.
    pub best: f64,
    /// The distance between the first and the third quartile of the runs' values, as a part of the median.
    pub spread: f64,
    /// The median of the runs' seconds of processor time.
    pub processor: Option<f64>,
    /// How many runs there were.
    pub runs: usize,
}

impl Summary {
    /// Nothing of no samples.
    pub fn of(samples: &[Sample], more_is_better: bool) -> Option<Self> {
        let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
        let median = quantile(&values, 0.5)?;
        let better = if more_is_better { f64::max } else { f64::min };
        let best = samples.iter().map(|sample| sample.best).reduce(better)?;
        let spread = (quantile(&values, 0.75)? - quantile(&values, 0.25)?) / median;
        let processor: Vec<f64> = samples.iter().filter_map(|sample| sample.processor).collect();
        Some(Self { median, best, spread, processor: quantile(&processor, 0.5), runs: samples.len() })
    }
}

/// The value below which that part of all values lies, interpolated between neighbours; nothing of no values.
pub fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = part * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    Some(below + (above - below) * position.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Vec<Sample> {
        values.iter().map(|&value| Sample { value, best: value - 1.0, processor: Some(value) }).collect()
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7.0], 0.25), Some(7.0));
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[5.0, 1.0, 3.0], 0.25), Some(2.0));
        assert_eq!(quantile(&[5.0, 1.0, 3.0], 1.0), Some(5.0));
    }

    #[test]
    fn one_disturbed_run_does_not_move_the_median() {
        let summary = Summary::of(&samples(&[10.0, 11.0, 900.0, 10.0, 10.0]), false).unwrap();
        assert_eq!((summary.median, summary.best, summary.runs), (10.0, 9.0, 5));
        assert_eq!(summary.processor, Some(10.0));
        assert!((summary.spread - 0.1).abs() < 1e-9);
    }

    #[test]
    fn best_of_a_throughput_is_the_largest() {
        assert_eq!(Summary::of(&samples(&[10.0, 12.0]), true).unwrap().best, 11.0);
        assert_eq!(Summary::of(&[], true), None);
    }
}
