//! The spans of an answer: its window, and the steps of its series.

use chrono::{DateTime, Days, Utc};

use super::calendar::{Calendar, Step};
use super::rows::Micros;
use super::window::Window;

/// A span of time: the window, or a step of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub time: Micros,
    /// Its local days.
    pub days: f64,
}

impl Span {
    fn new(from: DateTime<Utc>, to: DateTime<Utc>, calendar: &Calendar) -> Self {
        let time = Micros { from: from.timestamp_micros(), to: to.timestamp_micros() };
        Self { time, days: calendar.days(from, to) }
    }
}

/// The window, which is span 0, and its steps.
pub(super) struct Spans<'a> {
    pub calendar: &'a Calendar,
    pub window: Window,
    pub steps: &'a [Step],
    all: Vec<Span>,
}

impl<'a> Spans<'a> {
    pub fn new(calendar: &'a Calendar, window: Window, steps: &'a [Step]) -> Self {
        let all = std::iter::once(Span::new(window.from, window.to, calendar))
            .chain(steps.iter().map(|step| Span::new(step.from, step.to, calendar)));
        Self { calendar, window, steps, all: all.collect() }
    }

    /// The window, then the steps.
    pub fn all(&self) -> &[Span] {
        &self.all
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The spans that an instant is in: the window and its step.
    pub fn of(&self, at: i64) -> Option<[usize; 2]> {
        let (window, steps) = self.all.split_first()?;
        let after = steps.partition_point(|step| step.time.from <= at);
        window.time.holds(at).then_some([0, after])
    }

    /// The number of the step that each instant is in, which is that of its span; 0 outside of the window.
    pub fn steps_of(&self, times: &[i64]) -> impl Iterator<Item = u32> {
        let (window, steps) = self.all.split_first().map_or((None, &[][..]), |(window, steps)| (Some(window), steps));
        // instants that are near to each other often follow each other
        let mut last: Option<(Micros, u32)> = None;
        times.iter().map(move |at| {
            if let Some((_, step)) = last.filter(|(time, _)| time.holds(*at)) {
                return step;
            }
            if !window.is_some_and(|window| window.time.holds(*at)) {
                return 0;
            }
            let after = steps.partition_point(|step| step.time.from <= *at);
            let step = u32::try_from(after).unwrap_or(u32::MAX);
            last = after.checked_sub(1).and_then(|before| steps.get(before)).map(|span| (span.time, step));
            step
        })
    }

    /// The ends of the local days in a span; its own end where it holds none.
    pub fn day_ends(&self, span: Micros) -> Vec<i64> {
        let instant = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        let first = self.calendar.date(instant(span.from));
        let days =
            std::iter::successors(first.checked_add_days(Days::new(1)), |day| day.checked_add_days(Days::new(1)));
        let ends = days.map(|day| self.calendar.midnight(day).timestamp_micros());
        let ends: Vec<i64> = ends.skip_while(|end| *end <= span.from).take_while(|end| *end <= span.to).collect();
        if ends.is_empty() { vec![span.to] } else { ends }
    }
}
