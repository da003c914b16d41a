//! Go's own tests of its package `syscall`, compiled for FreeBSD.

mod go;

#[test]
fn tests_of_package_syscall() {
    go::check("syscall");
}
