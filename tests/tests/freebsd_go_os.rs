//! Go's own tests of its package `os`, compiled for FreeBSD.

mod go;

#[test]
fn tests_of_package_os() {
    go::check("os");
}
