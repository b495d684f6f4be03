//! What a run has done and what it does: the operations of its schedule, and what is known of how
//! long they take.

use std::time::{Duration, Instant};

use payctl_engine::{Action, Address, Milestone, Operation, Phase};

use crate::durations::Estimate;
use crate::prediction::{Clock, LONG_S, Prediction};
use crate::report::text::{clock, columns, cut, cut_middle, doing, done, roughly};

/// A name that is cut to fewer characters is none any more.
const SHORTEST_NAME: usize = 16;

/// One that is longer moves what is behind it out of its column.
const LONGEST_NAME: usize = 44;

/// The operations of a run.
#[derive(Debug)]
pub(super) struct StatusBoard {
    tasks: Vec<Task>,
    /// When the first of them began.
    began: Option<Instant>,
    /// Whose times theirs are.
    clock: Clock,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) address: Address,
    pub(super) phase: Phase,
    action: Action,
    pub(super) status: Status,
    /// Predicted seconds until its id is known, in all, and to the end of all that waits for it.
    created: f64,
    all: f64,
    remaining: f64,
    /// What waits for it, and until when.
    followers: Vec<(usize, Milestone)>,
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Waiting,
    Running {
        since: Instant,
        waits_for: String,
        /// When that was told last, where it is told in lines.
        told: Option<Instant>,
    },
    Done {
        took: Duration,
    },
    Failed,
    Skipped,
}

impl Task {
    /// What was done, when it is over.
    pub(super) fn done(&self) -> String {
        done(self.action, self.phase)
    }

    /// How many seconds it is predicted to take.
    #[cfg(test)]
    pub(super) fn typical(&self) -> f64 {
        self.all
    }

    /// Whether it is what the resource's successor replaced.
    pub(super) fn is_old(&self) -> bool {
        self.phase == Phase::Delete && self.action != Action::Delete
    }
}

impl StatusBoard {
    pub(super) fn new(prediction: &Prediction<'_>) -> Self {
        let mut tasks: Vec<Task> =
            prediction.operations().map(|(one, estimate)| Task::of(one, estimate)).collect();
        for (index, (operation, _)) in prediction.operations().enumerate() {
            for (&before, &milestone) in &operation.after {
                tasks[before].followers.push((index, milestone));
            }
        }
        Self { tasks, began: None, clock: prediction.clock }
    }

    /// How long its addresses are, so far as they can stand in a column.
    pub(super) fn longest_name(&self) -> usize {
        let lengths = self.tasks.iter().map(|task| columns(task.address.as_str()));
        lengths.filter(|length| *length <= LONGEST_NAME).max().unwrap_or_default()
    }

    pub(super) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    #[cfg(test)]
    pub(super) fn tasks_mut(&mut self) -> &mut [Task] {
        &mut self.tasks
    }

    /// The operation on `address` that is at this point. What an address replaced may be several
    /// things, of which one is as good as another.
    fn find(
        &mut self,
        address: &Address,
        phase: Phase,
        is: fn(&Status) -> bool,
    ) -> Option<&mut Task> {
        let mut tasks = self.tasks.iter_mut();
        tasks.find(|task| task.address == *address && task.phase == phase && is(&task.status))
    }

    pub(super) fn start(&mut self, address: &Address, phase: Phase, now: Instant) {
        self.began.get_or_insert(now);
        if let Some(task) = self.find(address, phase, |status| *status == Status::Waiting) {
            task.status = Status::Running { since: now, waits_for: String::new(), told: None };
        }
    }

    pub(super) fn running(&mut self, address: &Address, phase: Phase) -> Option<&mut Task> {
        self.find(address, phase, |status| matches!(status, Status::Running { .. }))
    }

    /// It is over; answers what was.
    pub(super) fn end(&mut self, address: &Address, phase: Phase, status: Status) -> Option<&Task> {
        let task = self.running(address, phase)?;
        task.status = status;
        Some(task)
    }

    pub(super) fn skip(&mut self, address: &Address, phase: Phase) {
        if let Some(task) = self.find(address, phase, |status| *status == Status::Waiting) {
            task.status = Status::Skipped;
        }
    }

    /// What is going on, in at most so many lines of so many columns.
    pub(super) fn screen(&self, now: Instant, width: usize, lines: usize) -> Vec<String> {
        let forecast = self.forecast(now);
        let mut running: Vec<(usize, &Task)> = self
            .tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| matches!(task.status, Status::Running { .. }))
            .collect();
        // What everything waits for comes first; so it does where nothing can be said in seconds.
        running.sort_by(|(_, one), (_, other)| other.remaining.total_cmp(&one.remaining));
        let count =
            |is: fn(&Status) -> bool| self.tasks.iter().filter(|task| is(&task.status)).count();
        let done = count(|status| matches!(status, Status::Done { .. }));
        let failed = count(|status| *status == Status::Failed);
        let mut out = vec![self.summary(done, failed, &running, forecast, width)];
        let rows: Vec<Row<'_>> = running.iter().map(|(_, task)| Row::of(task, now)).collect();
        let layout = Layout::of(&rows, width);
        let fits = lines.saturating_sub(1) / layout.height();
        let shown = if rows.len() > fits { fits.saturating_sub(1) } else { rows.len() };
        out.extend(rows[..shown].iter().flat_map(|row| layout.lines(row, width)));
        if rows.len() > shown {
            out.push(format!("  … and {} more", rows.len() - shown));
        }
        out
    }

    fn summary(
        &self,
        done: usize,
        failed: usize,
        running: &[(usize, &Task)],
        left: Option<f64>,
        width: usize,
    ) -> String {
        let mut begin = format!("[{done}/{}] {} running", self.tasks.len(), running.len());
        if failed > 0 {
            begin += &format!(", {failed} failed");
        }
        let left = left.map_or_else(String::new, |left| format!(" · {} left", roughly(left)));
        let Some((_, longest)) = running.first().filter(|_| running.len() > 1) else {
            return cut(&(begin + &left), width);
        };
        let before = " · longest: ";
        let used = columns(&begin) + columns(before) + columns(&left);
        match width.saturating_sub(used) {
            room @ SHORTEST_NAME.. => {
                begin + before + &cut_middle(longest.address.as_str(), room) + &left
            }
            _ => cut(&(begin + &left), width),
        }
    }

    /// The seconds that are left, where what was done so far says something about it.
    ///
    /// How near the predicted times are is seen by what is done: by what takes long, as far as
    /// there is some, which then scales all that is to come. Before that, times of the place itself
    /// are taken as they are; those of AWS in another place once many a quick call took as long and
    /// a faster clock than AWS's would have shown itself. Where nothing says so, or the end depends
    /// on what takes far longer than it should, nothing is said.
    fn forecast(&self, now: Instant) -> Option<f64> {
        let scale = self.scale(now.saturating_duration_since(self.began?))?;
        // What is left as far as that is known, and behind what nobody knows the end of.
        let (mut left, mut unknown) = (0.0_f64, 0.0_f64);
        for task in &self.tasks {
            match &task.status {
                Status::Waiting => left = left.max(task.remaining * scale),
                Status::Running { since, .. } => {
                    let elapsed = now.saturating_duration_since(*since).as_secs_f64();
                    let of = self.left_of(task, scale, elapsed);
                    match elapsed > LATE_FACTOR * task.all * scale + LATE_S {
                        true => unknown = unknown.max(of),
                        false => left = left.max(of),
                    }
                }
                Status::Done { .. } | Status::Failed | Status::Skipped => {}
            }
        }
        (left >= SHORTEST_LEFT_S && unknown < left).then_some(left)
    }

    /// The seconds until a running operation, and all that waits for it, is done.
    fn left_of(&self, task: &Task, scale: f64, elapsed: f64) -> f64 {
        let until = |seconds: f64| (seconds * scale - elapsed).max(0.0);
        let after = task.followers.iter().map(|(follower, milestone)| {
            let own = match milestone {
                Milestone::Created => until(task.created),
                Milestone::Done => until(task.all),
            };
            own + self.tasks[*follower].remaining * scale
        });
        after.fold(until(task.all), f64::max)
    }

    /// How long things take, as a multiple of what was predicted.
    fn scale(&self, elapsed: Duration) -> Option<f64> {
        let sums = |is: fn(f64) -> bool| {
            let done = self.tasks.iter().filter_map(|task| match task.status {
                Status::Done { took } if is(task.all) => Some((task.all, took.as_secs_f64())),
                _ => None,
            });
            done.fold((0.0, 0.0), |(all, took), one| (all + one.0, took + one.1))
        };
        let (typical, took) = sums(|all| all >= LONG_S);
        if typical >= LONG_S * 2.0 {
            let scale = took / typical;
            return (SLOWEST_CLOCK..=OUTLIER).contains(&scale).then_some(scale);
        }
        if self.clock == Clock::Here {
            return Some(1.0);
        }
        let (typical, took) = sums(|all| all < LONG_S);
        let like_aws = typical >= QUICK_S && (1.0 / OUTLIER..=OUTLIER).contains(&(took / typical));
        (like_aws && elapsed >= SETTLED).then_some(1.0)
    }
}

/// So many typical seconds of quick calls have to be done before they say anything.
const QUICK_S: f64 = 4.0;
/// In a sandbox that runs faster than AWS something long is over by then.
const SETTLED: Duration = Duration::from_secs(15);
/// What takes so many times longer, or is so many times quicker, is not what was meant.
const OUTLIER: f64 = 3.0;
/// A sandbox runs up to so many times faster than AWS.
const SLOWEST_CLOCK: f64 = 0.01;
/// What runs longer than this has left its typical time behind.
const LATE_FACTOR: f64 = 2.0;
const LATE_S: f64 = 20.0;
/// Less than this is over before it is read.
const SHORTEST_LEFT_S: f64 = 5.0;

impl Task {
    fn of(operation: &Operation<'_>, estimate: Estimate) -> Self {
        let Estimate { created, all, .. } = estimate;
        Self {
            address: operation.step.address.clone(),
            phase: operation.phase,
            action: operation.step.action,
            status: Status::Waiting,
            created,
            all,
            remaining: operation.remaining,
            followers: Vec::new(),
        }
    }
}

/// One running operation, in columns.
struct Row<'a> {
    doing: &'static str,
    name: &'a str,
    elapsed: String,
    why: &'a str,
}

impl<'a> Row<'a> {
    fn of(task: &'a Task, now: Instant) -> Self {
        let (elapsed, why) = match &task.status {
            Status::Running { since, waits_for, .. } => {
                (clock(now.saturating_duration_since(*since)), waits_for.as_str())
            }
            _ => (String::new(), ""),
        };
        Self { doing: doing(task.action, task.phase), name: task.address.as_str(), elapsed, why }
    }
}

/// How rows are laid out below each other.
struct Layout {
    doing: usize,
    name: usize,
    elapsed: usize,
    why: Why,
}

/// How much of a reason there is room for.
#[derive(Clone, Copy)]
enum Why {
    /// Beside the rest, as a sentence.
    Sentence,
    /// What is waited for.
    Thing,
    /// The same without what stands in brackets.
    Brief,
    /// On a line of its own.
    Below,
}

impl Why {
    fn of(self, reason: &str) -> String {
        match self {
            _ if reason.is_empty() => String::new(),
            Self::Sentence | Self::Below => format!("waiting for {reason}"),
            Self::Thing => reason.to_owned(),
            Self::Brief => reason.split(" (").next().unwrap_or_default().to_owned(),
        }
    }
}

impl Layout {
    /// The reasons are what one looks for: names are cut before they are.
    fn of(rows: &[Row<'_>], width: usize) -> Self {
        let longest = |of: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(of).max().unwrap_or(0);
        let doing = longest(&|row| columns(row.doing));
        let elapsed = longest(&|row| columns(&row.elapsed));
        let whole = longest(&|row| columns(row.name));
        let room = width.saturating_sub(2 + doing + 1 + 2 + elapsed);
        let beside = |why: Why| room.saturating_sub(2 + longest(&|row| columns(&why.of(row.why))));
        let fits = [(Why::Sentence, whole), (Why::Thing, whole), (Why::Brief, SHORTEST_NAME)];
        let fits = fits.into_iter().find(|(why, name)| beside(*why) >= whole.min(*name));
        let (why, name) = match fits {
            Some((why, _)) => (why, whole.min(beside(why))),
            None => (Why::Below, whole.min(room)),
        };
        Self { doing, name, elapsed, why }
    }

    /// Lines a row.
    fn height(&self) -> usize {
        if matches!(self.why, Why::Below) { 2 } else { 1 }
    }

    fn lines(&self, row: &Row<'_>, width: usize) -> Vec<String> {
        let Self { doing, name, elapsed, why } = self;
        let (word, time, shown) = (row.doing, &row.elapsed, cut_middle(row.name, *name));
        let begin = format!("  {word:<doing$} {shown:<name$}  {time:>elapsed$}");
        let mut reason = why.of(row.why);
        if columns(&reason) + 4 > width {
            reason = why.of(&Why::Brief.of(row.why));
        }
        match why {
            Why::Below if !reason.is_empty() => {
                vec![cut(&begin, width), cut(&format!("    {reason}"), width)]
            }
            _ => vec![cut(format!("{begin}  {reason}").trim_end(), width)],
        }
    }
}
