//! A core file, made by root's debugger: its memory, and each thread's registers apart.

use std::ops::Range;
use std::path::Path;
use std::process::Command;

/// A process as it was when it was looked at.
pub struct Core {
    bytes: Vec<u8>,
    pub segments: Vec<Segment>,
    /// Where the notes are: registers of all threads, in which the last copy made by wide
    /// instructions stays until something else uses them.
    notes: Vec<Range<usize>>,
}

/// A piece of memory, from this address on.
#[derive(Debug, Clone)]
pub struct Segment {
    pub address: u64,
    at: Range<usize>,
}

/// Where a thread's stack was.
#[derive(Debug, Clone, Copy)]
pub struct Registers {
    pub thread: u32,
    pub stack_pointer: u64,
}

impl Core {
    /// Stops the process for a moment and takes its core. `folder` gets the file, for as long as
    /// this takes.
    pub fn of(process: u32, folder: &Path) -> Self {
        let (id, base) = (process.to_string(), folder.join("core"));
        let taken = Command::new("gcore").arg("-o").arg(&base).arg(&id).output().expect("it runs");
        let file = format!("{}.{id}", base.display());
        let bytes = std::fs::read(&file)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&taken.stderr)));
        std::fs::remove_file(&file).expect("removed");
        Self::parse(bytes)
    }

    /// # Panics
    /// It is not a 64-bit little-endian ELF core with memory in it.
    pub fn parse(bytes: Vec<u8>) -> Self {
        const LOAD: u64 = 1;
        const NOTE: u64 = 4;
        assert_eq!(&bytes[..6], b"\x7fELF\x02\x01", "not such a file");
        assert_eq!(number(&bytes, 16, 2), 4, "not a core");
        let (table, entry) = (size(&bytes, 32, 8), size(&bytes, 54, 2));
        let entries = size(&bytes, 56, 2);
        assert_ne!(entries, 0xFFFF, "too many segments for this reader");
        let (mut segments, mut notes) = (Vec::new(), Vec::new());
        for header in (0..entries).map(|index| table + index * entry) {
            let start = size(&bytes, header + 8, 8);
            let at = start..start + size(&bytes, header + 32, 8);
            match number(&bytes, header, 4) {
                LOAD => segments.push(Segment { address: number(&bytes, header + 16, 8), at }),
                NOTE => notes.push(at),
                _ => {}
            }
        }
        let core = Self { bytes, segments, notes };
        let memory: usize = core.segments.iter().map(|segment| segment.at.len()).sum();
        assert!(memory > 1_000_000, "the core has no memory in it");
        core
    }

    pub fn memory(&self, segment: &Segment) -> &[u8] {
        &self.bytes[segment.at.clone()]
    }

    /// The registers as bytes. Apart from the memory: no allocator reaches them.
    pub fn notes(&self) -> Vec<&[u8]> {
        self.notes.iter().map(|at| &self.bytes[at.clone()]).collect()
    }

    /// The segment with memory for this address; `None` for memory that is kept out of cores.
    pub fn segment_of(&self, address: u64) -> Option<&Segment> {
        self.segments.iter().find(|segment| {
            address.checked_sub(segment.address).is_some_and(|at| at < segment.at.len() as u64)
        })
    }

    /// Each thread, by its status note.
    pub fn threads(&self) -> Vec<Registers> {
        const STATUS: u64 = 1;
        // `struct elf_prstatus`: the thread's id, and its general registers.
        const THREAD: usize = 32;
        const STACK_POINTER: usize = 112 + 8 * if cfg!(target_arch = "aarch64") { 31 } else { 19 };
        let mut threads = Vec::new();
        for at in &self.notes {
            let mut next = at.start;
            while next + 12 <= at.end {
                let (name, length) = (size(&self.bytes, next, 4), size(&self.bytes, next + 4, 4));
                let text = next + 12;
                let content = text + name.next_multiple_of(4);
                let is_core = self.bytes[text..].starts_with(b"CORE\0");
                if is_core && number(&self.bytes, next + 8, 4) == STATUS {
                    let thread = number(&self.bytes, content + THREAD, 4);
                    let stack_pointer = number(&self.bytes, content + STACK_POINTER, 8);
                    let thread = u32::try_from(thread).expect("an id");
                    threads.push(Registers { thread, stack_pointer });
                }
                next = content + length.next_multiple_of(4);
            }
        }
        threads
    }
}

fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes[at..at + length].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn size(bytes: &[u8], at: usize, length: usize) -> usize {
    usize::try_from(number(bytes, at, length)).expect("a 64-bit machine")
}
