//! AS_PATH in its four-octet form, and the merge of AS4_PATH (RFC 4271 §4.3, RFC 6793 §4.2).

use std::fmt;

use super::asn::Asn;

/// What a path segment is.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub enum SegmentKind {
    Set,
    Sequence,
    /// Confederation kinds (RFC 5065) never pass an external session; they are malformed there.
    ConfedSequence,
    ConfedSet,
}

impl SegmentKind {
    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Set),
            2 => Some(Self::Sequence),
            3 => Some(Self::ConfedSequence),
            4 => Some(Self::ConfedSet),
            _ => None,
        }
    }

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Set => 1,
            Self::Sequence => 2,
            Self::ConfedSequence => 3,
            Self::ConfedSet => 4,
        }
    }

    const fn is_confederation(self) -> bool {
        matches!(self, Self::ConfedSequence | Self::ConfedSet)
    }
}

/// A checked AS_PATH with four octets per ASN.
#[derive(Copy, Clone, Eq, PartialEq, Hash)]
pub struct AsPath<'a> {
    bytes: &'a [u8],
}

/// One segment of an [`AsPath`].
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct Segment<'a> {
    pub kind: SegmentKind,
    bytes: &'a [u8],
}

impl<'a> Segment<'a> {
    /// The ASNs, nearest first in a sequence.
    pub fn asns(&self) -> impl DoubleEndedIterator<Item = Asn> + ExactSizeIterator + use<'a> {
        let (asns, _) = self.bytes.as_chunks::<4>();
        asns.iter()
            .map(|octets| Asn::new(u32::from_be_bytes(*octets)))
    }
}

impl<'a> AsPath<'a> {
    /// Bytes that [`check`] has seen, or that the builder has written.
    pub(super) const fn from_checked(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The encoded segments, four octets an ASN.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let (&[kind, count], tail) = rest.split_first_chunk::<2>()?;
            let (bytes, next) = tail.split_at_checked(usize::from(count) * 4)?;
            rest = next;
            Some(Segment {
                kind: SegmentKind::from_code(kind)?,
                bytes,
            })
        })
    }

    /// Every ASN, whatever its segment.
    pub fn asns(&self) -> impl Iterator<Item = Asn> + use<'a> {
        self.segments().flat_map(|segment| segment.asns())
    }

    #[must_use]
    pub fn contains(&self, asn: Asn) -> bool {
        self.asns().any(|other| other == asn)
    }

    /// The neighbor's ASN: the leftmost one when the path starts with a sequence (RFC 4271 §6.3).
    #[must_use]
    pub fn first(&self) -> Option<Asn> {
        let segment = self.segments().next()?;
        (segment.kind == SegmentKind::Sequence).then(|| segment.asns().next())?
    }

    /// The originating ASN: the rightmost one when the path ends with a sequence.
    #[must_use]
    pub fn origin(&self) -> Option<Asn> {
        let segment = self.segments().last()?;
        (segment.kind == SegmentKind::Sequence).then(|| segment.asns().next_back())?
    }

    /// Length for the decision process: a set counts 1, confederation segments 0
    /// (RFC 4271 §9.1.2.2, RFC 5065 §5.3, spec/routing §6).
    #[must_use]
    pub fn hop_count(&self) -> usize {
        let hops = |segment: Segment<'_>| match segment.kind {
            SegmentKind::Sequence => segment.asns().len(),
            SegmentKind::Set => 1,
            SegmentKind::ConfedSequence | SegmentKind::ConfedSet => 0,
        };
        self.segments().map(hops).sum()
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// `65001 65002 {65003 65004}`, as routers print it.
impl fmt::Display for AsPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments().enumerate() {
            let (open, close) = match segment.kind {
                SegmentKind::Sequence => ("", ""),
                SegmentKind::Set => ("{", "}"),
                SegmentKind::ConfedSequence => ("(", ")"),
                SegmentKind::ConfedSet => ("[", "]"),
            };
            f.write_str(if index == 0 { "" } else { " " })?;
            f.write_str(open)?;
            for (position, asn) in segment.asns().enumerate() {
                write!(f, "{}{asn}", if position == 0 { "" } else { " " })?;
            }
            f.write_str(close)?;
        }
        Ok(())
    }
}

impl fmt::Debug for AsPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AsPath({self})")
    }
}

/// How wide the ASNs of an encoded path are.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(super) enum AsnWidth {
    Two,
    Four,
}

impl AsnWidth {
    const fn octets(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

/// What is wrong with an encoded path.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(super) enum PathError {
    /// Unknown kind, no ASN in a segment, or a segment that does not fit (RFC 7606 §7.2).
    Malformed,
    /// Confederation segment on an external session (RFC 5065 §5).
    Confederation,
    /// ASN 0 (RFC 7607 §2).
    AsnZero,
}

/// Checks an encoded path of either width. The most serious error wins: `Malformed` first.
pub(super) fn check(bytes: &[u8], width: AsnWidth) -> Result<(), PathError> {
    let mut verdict = Ok(());
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some((&[kind, count], tail)) = rest.split_first_chunk::<2>() else {
            return Err(PathError::Malformed);
        };
        let kind = SegmentKind::from_code(kind).ok_or(PathError::Malformed)?;
        let length = usize::from(count) * width.octets();
        let Some((asns, next)) = tail.split_at_checked(length) else {
            return Err(PathError::Malformed);
        };
        if count == 0 {
            return Err(PathError::Malformed);
        }
        if kind.is_confederation() {
            verdict = Err(PathError::Confederation);
        } else if verdict.is_ok() && asns.chunks_exact(width.octets()).any(is_zero) {
            verdict = Err(PathError::AsnZero);
        }
        rest = next;
    }
    verdict
}

fn is_zero(asn: &[u8]) -> bool {
    asn.iter().all(|octet| *octet == 0)
}

/// Appends a checked two-octet path in four-octet form.
pub(super) fn widen(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some((&[kind, count], tail)) = rest.split_first_chunk::<2>() {
        let Some((asns, next)) = tail.split_at_checked(usize::from(count) * 2) else {
            return;
        };
        out.extend_from_slice(&[kind, count]);
        for asn in asns.as_chunks::<2>().0 {
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(asn);
        }
        rest = next;
    }
}

/// Appends a four-octet path in two-octet form, with AS_TRANS where needed.
/// Tells whether anything was lost, so that AS4_PATH must go along (RFC 6793 §4.2.2).
pub(super) fn narrow(path: AsPath<'_>, out: &mut Vec<u8>) -> bool {
    let mut lossy = false;
    for segment in path.segments() {
        out.push(segment.kind.code());
        out.push(u8::try_from(segment.asns().len()).unwrap_or(u8::MAX));
        for asn in segment.asns() {
            lossy |= !asn.fits_two_octets();
            out.extend_from_slice(&asn.two_octets().to_be_bytes());
        }
    }
    lossy
}

/// Appends the path that an old speaker's AS_PATH (already widened) and AS4_PATH give together:
/// the leading hops of AS_PATH that AS4_PATH lacks, then AS4_PATH. AS4_PATH is ignored when it has
/// more hops than AS_PATH (RFC 6793 §4.2.3).
pub(super) fn merge(path: AsPath<'_>, as4_path: AsPath<'_>, out: &mut Vec<u8>) {
    let Some(mut missing) = path.hop_count().checked_sub(as4_path.hop_count()) else {
        out.extend_from_slice(path.as_bytes());
        return;
    };
    for segment in path.segments() {
        if missing == 0 {
            break;
        }
        if segment.kind != SegmentKind::Sequence {
            push_segment(segment.kind, segment.asns(), out);
            missing -= usize::from(segment.kind == SegmentKind::Set);
            continue;
        }
        let keep = segment.asns().len().min(missing);
        missing -= keep;
        if missing == 0 {
            let last: Vec<Asn> = segment.asns().take(keep).collect();
            prepend(as4_path, &last, out);
            return;
        }
        push_segment(segment.kind, segment.asns(), out);
    }
    out.extend_from_slice(as4_path.as_bytes());
}

/// A checked four-octet path without its confederation segments.
pub(super) fn without_confederations(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let kept = |segment: &Segment<'_>| !segment.kind.is_confederation();
    for segment in AsPath::from_checked(path).segments().filter(kept) {
        push_segment(segment.kind, segment.asns(), &mut out);
    }
    out
}

/// Appends a segment of at most 255 ASNs.
pub(super) fn push_segment(
    kind: SegmentKind,
    asns: impl ExactSizeIterator<Item = Asn>,
    out: &mut Vec<u8>,
) {
    out.push(kind.code());
    out.push(u8::try_from(asns.len()).unwrap_or(u8::MAX));
    for asn in asns.take(255) {
        out.extend_from_slice(&asn.get().to_be_bytes());
    }
}

/// Appends `path` with `prepended` in front: into its first sequence while that has room,
/// in new sequences otherwise (RFC 4271 §5.1.2).
pub(super) fn prepend(path: AsPath<'_>, prepended: &[Asn], out: &mut Vec<u8>) {
    let mut rest = path.as_bytes();
    let mut joined: &[u8] = &[];
    if let Some(first) = path.segments().next()
        && first.kind == SegmentKind::Sequence
        && first.bytes.len() / 4 + prepended.len() <= 255
    {
        joined = first.bytes;
        rest = rest.get(2 + joined.len()..).unwrap_or_default();
    }
    if joined.is_empty() {
        for chunk in prepended.chunks(255) {
            push_segment(SegmentKind::Sequence, chunk.iter().copied(), out);
        }
    } else {
        let count = prepended.len() + joined.len() / 4;
        out.extend_from_slice(&[
            SegmentKind::Sequence.code(),
            u8::try_from(count).unwrap_or(u8::MAX),
        ]);
        for asn in prepended {
            out.extend_from_slice(&asn.get().to_be_bytes());
        }
        out.extend_from_slice(joined);
    }
    out.extend_from_slice(rest);
}
