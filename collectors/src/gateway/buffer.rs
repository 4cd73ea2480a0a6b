//! The memory of one body: an anonymous map of its own, of which only the pages that were written are resident. It
//! goes back to the system the moment it is dropped; an allocator keeps freed buffers for later ones.

use memmap2::MmapMut;

/// Bytes that arrive in pieces, up to a number that is known before the first.
#[derive(Debug)]
pub(super) struct Buffer {
    map: MmapMut,
    length: usize,
}

impl Buffer {
    /// Fails where the system limits the addresses of a process or does not overcommit.
    pub(super) fn with_capacity(bytes: usize) -> std::io::Result<Self> {
        let map = MmapMut::map_anon(bytes.max(1))?;
        // With huge pages the first byte would take 2 MiB. A kernel without them refuses the advice.
        #[cfg(target_os = "linux")]
        let _no_huge_pages = map.advise(memmap2::Advice::NoHugePage);
        Ok(Self { map, length: 0 })
    }

    /// Appends a piece. Returns false, and appends nothing, where it does not fit.
    pub(super) fn append(&mut self, piece: &[u8]) -> bool {
        let end = self.length + piece.len();
        let Some(free) = self.map.get_mut(self.length..end) else { return false };
        free.copy_from_slice(piece);
        self.length = end;
        true
    }

    /// The bytes that were appended.
    pub(super) fn filled(&self) -> &[u8] {
        self.map.get(..self.length).unwrap_or_default()
    }
}
