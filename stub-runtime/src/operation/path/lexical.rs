//! Paths as words: what can be said of one without looking at any file.

use schemas::Errno;

use crate::guest::PathBuffer;
use crate::operation::mounts::{Mounts, Target, trim};

/// What kind of words a path has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No `.`, no `..`, no empty component (one slash at the end does not count): the words say where it leads.
    Clean,
    /// Has some of those.
    Loose,
    /// Goes above the directory that it starts from.
    Climbs,
}

/// Looks at the words of a path.
pub fn shape(path: &[u8]) -> Shape {
    let mut shape = Shape::Clean;
    let mut depth = 0i32;
    let mut start = 0;
    let mut at = 0;
    loop {
        if at == path.len() || path[at] == b'/' {
            match &path[start..at] {
                // Before the first slash and behind the last one nothing is left out.
                b"" if start != 0 && at != path.len() => shape = Shape::Loose,
                b"" => {}
                b"." => shape = Shape::Loose,
                b".." => {
                    shape = Shape::Loose;
                    depth -= 1;
                    if depth < 0 && path[0] != b'/' {
                        return Shape::Climbs;
                    }
                    depth = depth.max(0);
                }
                _ => depth += 1,
            }
            start = at + 1;
        }
        if at == path.len() {
            return shape;
        }
        at += 1;
    }
}

/// Makes an absolute path clean: `.` and empty components go, `..` takes the component before it away. `true`
/// when the way led through a mount that is not the host's and out of it again by `..`.
///
/// # Errors
/// `ENAMETOOLONG`.
pub fn normalize(path: &[u8], mounts: &Mounts, to: &mut PathBuffer) -> Result<bool, Errno> {
    let mut crossed = false;
    to.set(&[])?;
    for component in path.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                let inside = mounts.find(to.bytes()).is_some_and(|place| place.target != Target::Host);
                let up = trim(parent(to.bytes())).len();
                to.truncate(up);
                crossed |= inside;
            }
            name => {
                to.push(b"/")?.push(name)?;
            }
        }
    }
    if to.bytes().is_empty() {
        to.set(&[b"/"])?;
    }
    Ok(crossed)
}

/// What comes before the last component and the slashes around it, and that component; slashes at the end are
/// left out. The component is empty for the root and for the empty path.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let path = trim(path);
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&[], path),
    }
}

/// The directory that an absolute path's last component is in: `/` for the root itself.
pub fn parent(path: &[u8]) -> &[u8] {
    match split(path).0 {
        b"" => b"/",
        parent => parent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::mounts::tests::{server, table};

    #[test]
    fn shapes_are_told_apart() {
        for path in ["/", "/a", "/a/b/", "a", "a/b", "...", "/a/..b", "/.a", "a/"] {
            assert_eq!(shape(path.as_bytes()), Shape::Clean, "{path}");
        }
        for path in
            ["//a", "/a//", "/a//b", "/./a", "/a/.", "./a", ".", "a/..", "/..", "/../a", "/a/../..", "a/../b"]
        {
            assert_eq!(shape(path.as_bytes()), Shape::Loose, "{path}");
        }
        for path in ["..", "../a", "a/../..", "./../a", "a/b/../../../c"] {
            assert_eq!(shape(path.as_bytes()), Shape::Climbs, "{path}");
        }
    }

    #[test]
    fn normal_paths_have_their_names_only() {
        let table = table(&[server(1, "/dev/bpf")]);
        for (path, wanted, crossed) in [
            ("/", "/", false),
            ("//", "/", false),
            ("/a/./b//c/", "/a/b/c", false),
            ("/a/../b", "/b", false),
            ("/../..", "/", false),
            ("/a/b/../../..", "/", false),
            ("/dev/bpf/x", "/dev/bpf/x", false),
            ("/dev/../dev/bpf", "/dev/bpf", false),
            ("/dev/bpf/..", "/dev", true),
            ("/dev/bpf/../../etc/passwd", "/etc/passwd", true),
            ("/dev/bpf/x/../y", "/dev/bpf/y", true),
        ] {
            let mut normal = PathBuffer::new();
            assert_eq!(normalize(path.as_bytes(), &table, &mut normal), Ok(crossed), "{path}");
            assert_eq!(normal.bytes(), wanted.as_bytes(), "{path}");
        }
        let long = "/abc".repeat(2000);
        assert_eq!(normalize(long.as_bytes(), &table, &mut PathBuffer::new()), Err(Errno::NAMETOOLONG));
    }

    #[test]
    fn paths_are_split_before_their_last_name() {
        for (path, above, name) in [
            ("/a/b", "/a", "b"),
            ("/a/b//", "/a", "b"),
            ("/a", "", "a"),
            ("a", "", "a"),
            ("a/b", "a", "b"),
            ("/", "", ""),
            ("", "", ""),
        ] {
            assert_eq!(split(path.as_bytes()), (above.as_bytes(), name.as_bytes()), "{path}");
        }
        assert_eq!(parent(b"/a"), b"/");
        assert_eq!(parent(b"/a/b/c"), b"/a/b");
        assert_eq!(parent(b"/"), b"/");
    }
}
