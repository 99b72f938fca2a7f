//! Programs at the ingress of interfaces by tcx (Linux 6.6). They are tied without a link, which would end with
//! the process: a program stays where it is until it is taken away, or its interface is.
#![expect(
    unsafe_code,
    reason = "no safe interface to the bpf system call for programs without links: each call passes a structure of \
              its own with its length"
)]

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

const PROG_ATTACH: libc::c_long = 8;
const PROG_DETACH: libc::c_long = 9;
const PROG_QUERY: libc::c_long = 16;
const INGRESS: u32 = 46;
/// `BPF_F_REPLACE`.
const REPLACE: u32 = 4;
/// Programs of an interface that are looked at. The kernel ties no more than 64.
const PROGRAMS: u8 = 64;

/// What `bpf` takes to tie programs, as far as it is asked for.
#[repr(C)]
#[derive(Default)]
struct Tie {
    interface: u32,
    program: u32,
    kind: u32,
    flags: u32,
    replaced: u32,
    relative: u32,
    expected_revision: u64,
}

/// What `bpf` takes to tell of tied programs.
#[repr(C)]
#[derive(Default)]
struct Query {
    interface: u32,
    kind: u32,
    query_flags: u32,
    attach_flags: u32,
    programs: u64,
    count: u32,
    reserved: u32,
    program_flags: u64,
    links: u64,
    link_flags: u64,
    revision: u64,
}

fn bpf<T>(command: libc::c_long, attributes: &mut T) -> io::Result<()> {
    // SAFETY: `attributes` is live and as long as is said, and the kernel reads and writes within that; what it
    // points to outlives the call, since the callers below hold it.
    let result = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command,
            std::ptr::from_mut(attributes),
            size_of::<T>(),
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn number(descriptor: BorrowedFd<'_>) -> u32 {
    // One that is open is not negative.
    u32::try_from(descriptor.as_raw_fd()).unwrap_or_default()
}

/// Ties a program to an interface of the calling thread's namespace: in the place of another, at once, or behind
/// those that are there.
pub(crate) fn attach(
    interface: u32,
    program: BorrowedFd<'_>,
    replaced: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let mut tie = Tie {
        interface,
        program: number(program),
        kind: INGRESS,
        ..Tie::default()
    };
    if let Some(replaced) = replaced {
        tie.flags = REPLACE;
        tie.replaced = number(replaced);
    }
    bpf(PROG_ATTACH, &mut tie)
}

/// Takes a program away.
pub(crate) fn detach(interface: u32, program: BorrowedFd<'_>) -> io::Result<()> {
    let mut tie = Tie {
        interface,
        program: number(program),
        kind: INGRESS,
        ..Tie::default()
    };
    bpf(PROG_DETACH, &mut tie)
}

/// The numbers of the programs at an interface of the calling thread's namespace, in their order.
pub(crate) fn programs(interface: u32) -> io::Result<Vec<u32>> {
    let mut numbers = [0_u32; PROGRAMS as usize];
    let mut query = Query {
        interface,
        kind: INGRESS,
        programs: numbers.as_mut_ptr() as u64,
        count: PROGRAMS.into(),
        ..Query::default()
    };
    bpf(PROG_QUERY, &mut query)?;
    let count = usize::try_from(query.count).unwrap_or_default();
    Ok(numbers.iter().copied().take(count).collect())
}
