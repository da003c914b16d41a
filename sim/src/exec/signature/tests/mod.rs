//! What is said of small files of every format, whole and broken.

mod defects;
mod elf_file;
mod fixtures;
mod formats;
mod mutation;
mod needs;
