//! Reads the commits of a plan and writes them into pages: one thread walks, others decode, count lines
//! and serialize. All channels are bounded, so memory is too, however long the history is.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gix::{ObjectId, ThreadSafeRepository};
use kernel::Sha;
use tokio::sync::mpsc::Sender;

use super::brought::{Brought, Listed};
use super::counts::{Counts, Directories};
use super::effort::Uncounted;
use super::graph::Graph;
use super::lines::LineCounter;
use super::open::{self, OBJECT_LIMIT};
use super::pages::{self, Context, PageWriter, tag_pages};
use super::plan::{Plan, Work};
use super::raw::RawCommit;
use super::walk::{Visited, Walker};
use crate::normalize::claim;
use crate::page::{Frame, Page, mark};

/// Commits that travel together to a thread that writes pages.
const CHUNK: usize = 256;
/// Fewer of them where lines are counted, which takes long for some.
const COUNTED_CHUNK: usize = 32;
/// Bytes of merges that are kept until all is walked; those of further ones are read again.
const KEPT_BYTES: usize = 64 << 20;

/// A serialized page.
pub(super) struct Encoded {
    /// Its bytes.
    pub data: Vec<u8>,
    /// How many commits are in it.
    pub commits: u64,
}

/// What was found on the way.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Reported commits.
    pub commits: u64,
    /// Numbers of the changes among them.
    pub changes: HashSet<i64>,
    /// Reported deployments.
    pub deployments: u64,
    /// Commits that could not be read.
    pub unreadable: Vec<ObjectId>,
    /// How many commits' lines could not be counted, and an object that it was due to.
    pub uncounted: Tally,
    /// How many commits' lines were too many to be counted, and one of them.
    pub too_large: Tally,
    /// How many commits' messages were too long to be kept, and one of them.
    pub too_long: Tally,
    /// How many merges brought too many commits to list them, and one of them.
    pub unlisted: Tally,
}

/// How many, and one of them.
type Tally = Option<(u64, ObjectId)>;

fn sum(one: Tally, other: Tally) -> Tally {
    match (one, other) {
        (Some((one, first)), Some((two, _))) => Some((one + two, first)),
        (one, other) => one.or(other),
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        self.commits += other.commits;
        self.changes.extend(other.changes);
        self.deployments += other.deployments;
        self.unreadable.extend(other.unreadable);
        self.uncounted = sum(self.uncounted, other.uncounted);
        self.too_large = sum(self.too_large, other.too_large);
        self.too_long = sum(self.too_long, other.too_long);
        self.unlisted = sum(self.unlisted, other.unlisted);
    }
}

/// Sends all of a plan to `pages`. Ends early when the receiver is gone.
pub(super) fn produce(
    repository: &ThreadSafeRepository,
    walker: &mut Walker,
    plan: &Plan,
    pages: &Sender<Encoded>,
) -> Found {
    let mut found = Found::default();
    // what was known of a commit that is lost stays known
    let one = plan.frame.counted.then_some(NonZero::<usize>::MIN);
    let brought = Mutex::new(Brought::new(walker.with(repository.to_thread_local())));
    let to = Destination { brought: &brought, pages };
    let mut gone = Encoder::new(repository, plan.gone_frame.clone(), one, to);
    gone.all(&Chunk::unread(&plan.gone));
    drop(gone.finish());
    for page in tag_pages(&plan.frame, plan.tags.clone()) {
        found.deployments += page.tags.iter().filter(|tag| !tag.gone).count() as u64;
        send(pages, &page);
    }
    let (chunks, waiting) = sync_channel(8);
    let waiting = Mutex::new(waiting);
    let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let counting = plan.frame.counted.then_some(threads);
    std::thread::scope(|scope| {
        let encoders: Vec<_> = (0..threads.get())
            .map(|_| {
                scope.spawn(|| {
                    let mut encoder = Encoder::new(repository, plan.frame.clone(), counting, to);
                    while let Some(chunk) = next(&waiting) {
                        if !encoder.all(&chunk) {
                            break;
                        }
                    }
                    encoder.finish()
                })
            })
            .collect();
        walk(walker, plan, &brought, &chunks);
        drop(chunks);
        for encoder in encoders {
            match encoder.join() {
                Ok(part) => found.add(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    found.unreadable.append(&mut walker.unreadable);
    found.unreadable.sort_unstable();
    found.unreadable.dedup();
    // what is known of the repository is reported even if there is nothing else, and again if it turned out
    // that its history is not whole
    let mut frame = plan.frame.clone();
    if !found.unreadable.is_empty() {
        frame.repository.partial = true;
        frame.observed += 1;
    }
    send(pages, &Page { frame, people: Vec::new(), commits: Vec::new(), tags: Vec::new() });
    found
}

fn next(waiting: &Mutex<Receiver<Chunk>>) -> Option<Chunk> {
    lock(waiting).recv().ok()
}

/// Sends the commits of a plan. Of everything, merges come last: what they brought is known when all is walked.
fn walk(walker: &mut Walker, plan: &Plan, brought: &Mutex<Brought>, chunks: &SyncSender<Chunk>) {
    let size = if plan.frame.counted { COUNTED_CHUNK } else { CHUNK };
    match &plan.work {
        Work::These(commits) => {
            for commits in commits.chunks(size) {
                if chunks.send(Chunk::unread(commits)).is_err() {
                    return;
                }
            }
        }
        Work::All { starts, on_default, deployed } => {
            let mut chunk = Chunk::default();
            let (mut merges, mut kept_bytes) = (vec![Chunk::default()], 0);
            let mut graph = Graph::default();
            walker.all(starts.iter().copied(), &mut graph, |visited| {
                let Visited { id, data, on_first_line, is_merge } = visited;
                let default = if on_first_line && *on_default { mark::DEFAULT } else { 0 };
                let deployment = if deployed.contains(&id) { mark::DEPLOYMENT } else { 0 };
                if is_merge {
                    let data = data.filter(|data| kept_bytes + data.len() <= KEPT_BYTES);
                    kept_bytes += data.map_or(0, <[u8]>::len);
                    if merges.last().is_none_or(|chunk| chunk.commits.len() >= size) {
                        merges.push(Chunk::default());
                    }
                    if let Some(chunk) = merges.last_mut() {
                        chunk.push(id, default | deployment, data);
                    }
                    return true;
                }
                chunk.push(id, default | deployment, data);
                chunk.commits.len() < size || chunks.send(std::mem::take(&mut chunk)).is_ok()
            });
            let tip = starts.first().copied().filter(|_| *on_default);
            lock(brought).take(graph, tip);
            for chunk in std::iter::once(chunk).chain(merges) {
                // the receiver is gone: nothing to do about it here
                if chunks.send(chunk).is_err() {
                    return;
                }
            }
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Some commits, with their bytes where the walk had to read them anyway.
#[derive(Default)]
struct Chunk {
    commits: Vec<(ObjectId, u8)>,
    data: Vec<u8>,
    ends: Vec<usize>,
}

impl Chunk {
    fn unread(commits: &[(ObjectId, u8)]) -> Self {
        Self { commits: commits.to_vec(), ..Self::default() }
    }

    /// Either all commits of a chunk have bytes or the missing ones have none: an empty range.
    fn push(&mut self, id: ObjectId, marks: u8, data: Option<&[u8]>) {
        self.commits.push((id, marks));
        self.data.extend_from_slice(data.unwrap_or_default());
        self.ends.push(self.data.len());
    }

    fn bytes(&self, at: usize) -> Option<&[u8]> {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.data.get(start..*self.ends.get(at)?).filter(|data| !data.is_empty())
    }
}

/// What the threads that write pages share.
#[derive(Clone, Copy)]
struct Destination<'p> {
    brought: &'p Mutex<Brought>,
    pages: &'p Sender<Encoded>,
}

/// Writes pages in one thread.
struct Encoder<'p> {
    repository: gix::Repository,
    counter: Option<LineCounter>,
    writer: PageWriter,
    to: Destination<'p>,
    found: Found,
    buffer: Vec<u8>,
}

impl<'p> Encoder<'p> {
    /// Counts lines where a number of threads is given.
    fn new(
        repository: &ThreadSafeRepository,
        frame: Frame,
        counting: Option<NonZero<usize>>,
        to: Destination<'p>,
    ) -> Self {
        let counter = counting.map(|threads| LineCounter::new(repository.to_thread_local(), threads));
        let repository = repository.to_thread_local();
        Self { repository, counter, writer: PageWriter::new(frame), to, found: Found::default(), buffer: Vec::new() }
    }

    /// Writes a chunk; `false` when the receiver is gone.
    fn all(&mut self, chunk: &Chunk) -> bool {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut listened = true;
        for (at, (id, marks)) in chunk.commits.iter().enumerate() {
            let data = match chunk.bytes(at) {
                Some(data) => Some(data),
                None => open::commit(&self.repository, *id, &mut buffer),
            };
            match data {
                Some(data) => listened = self.one(*id, *marks, data),
                None => self.found.unreadable.push(*id),
            }
            if !listened {
                break;
            }
        }
        self.buffer = buffer;
        listened
    }

    fn one(&mut self, id: ObjectId, marks: u8, data: &[u8]) -> bool {
        let commit = RawCommit::parse(data);
        let Ok(sha) = Sha::from_bytes(id.as_bytes()) else { return true };
        let lines = self.lines(id, &commit);
        self.found.commits += 1;
        self.found.deployments += u64::from(marks & mark::DEPLOYMENT != 0);
        if commit.message.len() > OBJECT_LIMIT {
            self.found.too_long = sum(self.found.too_long, Some((1, id)));
        }
        let message = pages::message(&commit);
        let change = claim(&message, commit.parents.len(), marks).map(|claim| claim.number);
        self.found.changes.extend(change);
        let is_merge = commit.parents.len() > 1 && marks & mark::GONE == 0;
        let brought = change.filter(|_| is_merge).map(|_| self.brought(id)).unwrap_or_default();
        match self.writer.push(sha, &commit, message, Context { marks, lines, brought }) {
            Some(page) => send(self.to.pages, &page),
            None => true,
        }
    }

    fn lines(&mut self, id: ObjectId, commit: &RawCommit<'_>) -> Option<(Counts, Directories)> {
        match self.counter.as_mut()?.count(commit) {
            Ok(counts) => counts.zip(self.counter.as_ref().map(LineCounter::directories)),
            Err(Uncounted::Unreadable(object)) => {
                self.found.uncounted = sum(self.found.uncounted, Some((1, object)));
                None
            }
            Err(Uncounted::TooLarge) => {
                self.found.too_large = sum(self.found.too_large, Some((1, id)));
                None
            }
        }
    }

    fn brought(&mut self, merge: ObjectId) -> Vec<Sha> {
        match lock(self.to.brought).by(merge) {
            Listed::Commits(commits) => commits,
            Listed::Unknown => Vec::new(),
            Listed::TooMany => {
                self.found.unlisted = sum(self.found.unlisted, Some((1, merge)));
                Vec::new()
            }
        }
    }

    fn finish(self) -> Found {
        if let Some(page) = self.writer.finish() {
            send(self.to.pages, &page);
        }
        self.found
    }
}

/// Sends a page; `false` when the receiver is gone.
fn send(pages: &Sender<Encoded>, page: &Page) -> bool {
    match serde_json::to_vec(page) {
        Ok(data) => pages.blocking_send(Encoded { data, commits: page.commits.len() as u64 }).is_ok(),
        Err(error) => {
            tracing::error!(%error, "a page of history can't be written as JSON");
            false
        }
    }
}
