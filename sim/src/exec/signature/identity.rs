//! What the signature reader answers.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::evidence::Evidence;
use super::os::Os;
use super::reason::Reason;

/// What a file is, for which OS it was compiled, how that was found out, and whether it can be run.
#[derive(Debug, Serialize)]
pub struct Identity {
    /// The OS whose personality is to run it. For a script, that of the program at the end of the chain.
    pub os: Option<Os>,
    /// Every OS that the file is marked for, strongest mark first. An Actually Portable Executable has several.
    pub brands: Vec<Os>,
    /// The version of `os` that the file was built for, where a note tells it.
    pub os_version: Option<OsVersion>,
    /// The processor.
    pub architecture: Option<Architecture>,
    /// The width of its addresses.
    pub class: Option<Class>,
    /// Whether the header's numbers are stored most significant byte first.
    pub big_endian: bool,
    /// The file format.
    pub format: Format,
    /// How it is linked; none for scripts and for files that are no program.
    pub linking: Option<Linking>,
    /// The dynamic linker of a program, the interpreter of a script.
    pub interpreter: Option<Interpreter>,
    /// What a script's interpreter is.
    pub program: Option<Box<Identity>>,
    /// Everything seen that speaks for an OS, strongest first.
    pub evidence: Vec<Evidence>,
    /// Whether it can be run here and now, and why not.
    #[serde(flatten, serialize_with = "runnable")]
    pub runnable: Result<(), Reason>,
}

impl Identity {
    /// An identity about which nothing is known yet.
    pub(super) fn of(format: Format) -> Identity {
        Identity {
            os: None,
            brands: Vec::new(),
            os_version: None,
            architecture: None,
            class: None,
            big_endian: false,
            format,
            linking: None,
            interpreter: None,
            program: None,
            evidence: Vec::new(),
            runnable: Ok(()),
        }
    }

    /// The program that really runs: the file itself, or the one at the end of a script's chain.
    pub fn program(&self) -> &Identity {
        self.program.as_deref().map_or(self, Identity::program)
    }

    /// What to execute for `path` with `arguments`: the file itself, or for a script the interpreter at the end
    /// of the chain with the arguments that each link of it adds, as execve(2) lays them out.
    pub fn command(&self, path: &Path, arguments: Vec<OsString>) -> (PathBuf, Vec<OsString>) {
        let (Format::Script, Some(interpreter)) = (self.format, &self.interpreter) else {
            return (path.to_owned(), arguments);
        };
        let mut line = vec![interpreter.path.clone().into_os_string()];
        line.extend(interpreter.argument.clone());
        line.push(path.as_os_str().to_owned());
        line.extend(arguments.into_iter().skip(1));
        match &self.program {
            Some(program) => program.command(&interpreter.path, line),
            None => (interpreter.path.clone(), line),
        }
    }

    /// Takes over what a script has from the program that interprets it.
    pub(super) fn inherit(&mut self, program: &Identity) {
        self.os = program.os;
        self.brands.clone_from(&program.brands);
        self.os_version.clone_from(&program.os_version);
        self.architecture = program.architecture;
        self.class = program.class;
        self.big_endian = program.big_endian;
    }

    /// "Linux i386 ELF", the words with which a person names it.
    pub fn kind(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.os.map(|os| os.title().to_owned()));
        words.extend(self.architecture.map(|architecture| architecture.to_string()));
        words.push(self.format.title().to_owned());
        words.join(" ")
    }
}

/// The program that a file names to be run in its stead or to load it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interpreter {
    /// As the file has it.
    #[serde(serialize_with = "lossy_path")]
    pub path: PathBuf,
    /// The single argument of a script's first line.
    #[serde(serialize_with = "lossy_argument")]
    pub argument: Option<OsString>,
    /// The system tree in which it was found; none when it was found nowhere.
    #[serde(serialize_with = "lossy_sysroot")]
    pub sysroot: Option<PathBuf>,
}

/// The version of an OS, as its ABI note counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OsVersion {
    /// The number of the note: FreeBSD's `__FreeBSD_version` (1203000), NetBSD's `__NetBSD_Version__`
    /// (901000000), Linux's `KERNEL_VERSION` (3.2.0 is 0x30200).
    pub number: u32,
    /// As people write it: "12.3".
    pub text: String,
}

/// The width of a program's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Real mode and 16-bit protected mode.
    Bits16,
    /// 32 bits.
    Bits32,
    /// 64 bits.
    Bits64,
}

impl Class {
    /// The number of bits.
    pub fn bits(self) -> u8 {
        match self {
            Class::Bits16 => 16,
            Class::Bits32 => 32,
            Class::Bits64 => 64,
        }
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.bits())
    }
}

/// How a program is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linking {
    /// Needs nothing else, at fixed addresses.
    Static,
    /// Needs nothing else, and can be placed anywhere.
    StaticPie,
    /// Needs a dynamic linker or shared libraries.
    Dynamic,
}

impl fmt::Display for Linking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Linking::Static => "static",
            Linking::StaticPie => "static PIE",
            Linking::Dynamic => "dynamic",
        })
    }
}

/// A program file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// None of those below.
    Unknown,
    /// Executable and Linking Format.
    Elf,
    /// A text that begins with `#!`.
    Script,
    /// The `a.out` of the BSDs and of old Linux.
    Aout,
    /// The COFF of System V Release 3.
    Coff,
    /// Xenix's `x.out`.
    Xout,
    /// DOS program with a relocation header.
    Mz,
    /// DOS memory image.
    Com,
    /// 16-bit Windows and OS/2.
    Ne,
    /// Mixed 16 and 32-bit OS/2, Windows drivers, and DOS extenders.
    Le,
    /// Portable Executable.
    Pe,
    /// Mach-O for one processor.
    MachO,
    /// Mach-O for several processors.
    MachOFat,
    /// Actually Portable Executable: a PE, a shell script, and an ELF in the making.
    Ape,
}

impl Format {
    /// The name for a table.
    pub fn title(self) -> &'static str {
        match self {
            Format::Unknown => "file of no known program format",
            Format::Elf => "ELF",
            Format::Script => "script",
            Format::Aout => "a.out",
            Format::Coff => "COFF",
            Format::Xout => "x.out",
            Format::Mz => "MZ",
            Format::Com => "COM",
            Format::Ne => "NE",
            Format::Le => "LE",
            Format::Pe => "PE",
            Format::MachO => "Mach-O",
            Format::MachOFat => "fat Mach-O",
            Format::Ape => "APE",
        }
    }
}

/// A processor family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// AMD64.
    X86_64,
    /// 32-bit x86.
    I386,
    /// 16-bit protected mode x86.
    I286,
    /// 16-bit real mode x86.
    I8086,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM.
    Arm,
    /// RISC-V; the width is the file's class.
    RiscV,
    /// 32-bit PowerPC.
    PowerPc,
    /// 64-bit PowerPC.
    PowerPc64,
    /// MIPS; the width is the file's class.
    Mips,
    /// 32-bit SPARC.
    Sparc,
    /// 64-bit SPARC.
    Sparc64,
    /// Motorola 68000.
    M68k,
    /// Motorola 88000.
    M88k,
    /// Alpha.
    Alpha,
    /// Itanium.
    Ia64,
    /// IBM mainframes; the width is the file's class.
    S390,
    /// SuperH.
    SuperH,
    /// HP PA-RISC.
    PaRisc,
    /// VAX.
    Vax,
    /// LoongArch.
    LoongArch,
    /// National Semiconductor 32000.
    Ns32k,
    /// One without a name here: the number the format gives it.
    Other(u32),
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Architecture::X86_64 => "x86-64",
            Architecture::I386 => "i386",
            Architecture::I286 => "80286",
            Architecture::I8086 => "8086",
            Architecture::Aarch64 => "aarch64",
            Architecture::Arm => "arm",
            Architecture::RiscV => "riscv",
            Architecture::PowerPc => "powerpc",
            Architecture::PowerPc64 => "powerpc64",
            Architecture::Mips => "mips",
            Architecture::Sparc => "sparc",
            Architecture::Sparc64 => "sparc64",
            Architecture::M68k => "m68k",
            Architecture::M88k => "m88k",
            Architecture::Alpha => "alpha",
            Architecture::Ia64 => "ia64",
            Architecture::S390 => "s390",
            Architecture::SuperH => "sh",
            Architecture::PaRisc => "hppa",
            Architecture::Vax => "vax",
            Architecture::LoongArch => "loongarch",
            Architecture::Ns32k => "ns32k",
            Architecture::Other(number) => return write!(f, "machine {number:#x}"),
        })
    }
}

impl Serialize for Architecture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn lossy_path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

fn lossy_argument<S: Serializer>(argument: &Option<OsString>, serializer: S) -> Result<S::Ok, S::Error> {
    argument.as_deref().map(OsStr::to_string_lossy).serialize(serializer)
}

fn lossy_sysroot<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_deref().map(Path::to_string_lossy).serialize(serializer)
}

fn runnable<S: Serializer>(outcome: &Result<(), Reason>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Outcome {
        runnable: bool,
        reason: Option<String>,
        errno: Option<i32>,
    }
    let reason = outcome.as_ref().err();
    Outcome {
        runnable: outcome.is_ok(),
        reason: reason.map(Reason::to_string),
        errno: reason.map(Reason::errno),
    }
    .serialize(serializer)
}
