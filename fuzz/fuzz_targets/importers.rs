//! Whatever bytes a file has, its import ends, however the bytes come from the disk, with the same events each time; each of
//! them can be normalized. The head of an input is `facts` or `archive`, perhaps `keep-going`, and last the file's name.
#![no_main]

use std::io::{Cursor, Read};

use kernel::{Envelope, Tenant};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};

use import::{ImportFormat, ImportOptions};

/// The reading half of `sei import`, as it is in the crate `collectors`, without the log, database and git that the
/// crate links.
#[allow(dead_code, missing_docs, reason = "of the files of another crate")]
#[path = "../../collectors/src/import"]
mod import {
    mod options;
    mod problem;
    mod read;

    use std::collections::BTreeMap;
    use std::io::Read;
    use std::path::Path;

    use kernel::{Envelope, IgnoreReason};
    use tokio::sync::mpsc;

    pub use options::{ImportFormat, ImportOptions};
    pub use problem::ImportProblem;

    /// What a file became.
    #[derive(Debug, Default)]
    pub struct Imported {
        pub events: Vec<Envelope>,
        pub ignored: BTreeMap<IgnoreReason, u64>,
        pub rejected: u64,
        pub problems: Vec<ImportProblem>,
        pub stopped: Option<ImportProblem>,
    }

    pub fn imported(file: impl Read + 'static, path: &str, options: &ImportOptions) -> Imported {
        let (batches, mut ready) = mpsc::channel(1 << 20);
        let stopped = read::read(file, Path::new(path), options, &batches).err();
        drop(batches);
        let mut imported = Imported { stopped, ..Imported::default() };
        while let Some(batch) = ready.blocking_recv() {
            imported.events.extend(batch.events);
            for (reason, count) in batch.ignored {
                *imported.ignored.entry(reason).or_default() += count;
            }
            imported.rejected += batch.rejected;
            imported.problems.extend(batch.problems);
        }
        imported
    }
}

/// A file that comes byte by byte.
struct ByteByByte(Cursor<Vec<u8>>);

impl Read for ByteByByte {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(1);
        self.0.read(&mut buffer[..most])
    }
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let (head, body) = sei_fuzz::split(data);
    let (format, connector) = match head.split(' ').next() {
        Some("facts") => (ImportFormat::Facts, registry::connector("generic")),
        Some("archive") => (ImportFormat::GhArchive, registry::connector("gharchive")),
        _ => return Corpus::Reject,
    };
    let Some(connector) = connector else { return Corpus::Reject };
    let options = ImportOptions { format, tenant: Tenant::default(), keep_going: head.contains("keep-going") };
    let path = head.rsplit(' ').next().unwrap_or_default();
    let file = Cursor::new(body.to_vec());
    let imported = import::imported(file.clone(), path, &options);
    for event in &imported.events {
        if format == ImportFormat::Facts {
            sei_fuzz::stated(connector, event);
        } else {
            let _ = sei_fuzz::normalized(connector, event);
        }
    }
    // of a damaged gzip file it depends on the pieces how much of it is still inflated
    if !body.starts_with(&[0x1f, 0x8b]) {
        let again = import::imported(ByteByByte(file), path, &options);
        let ids = |events: &[Envelope]| events.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&again.events), ids(&imported.events));
        assert_eq!((again.ignored, again.rejected), (imported.ignored, imported.rejected));
        assert_eq!((again.problems, again.stopped), (imported.problems, imported.stopped));
    }
    Corpus::Keep
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    sei_fuzz::mutate(data, size, max_size, seed)
});
