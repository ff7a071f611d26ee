//! Streams and disks that take no more: what was measured is written, or the error says what was not.
//!
//! Upstream: closed pipes, `/dev/full`, a file system of a few pages. Downstream: exit codes, errors that
//! name the file, the other reports whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use wload_tests::files::{Report, Table, entries};
use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder};
use wload_tests::skips::skip;
use wload_tests::target::{self, DemoTarget};

fn run(target: &DemoTarget, args: &str, folder: &Path) -> Wload {
    let run = Wload::run(&guest("raw-contract"), &target.url(), args);
    run.in_folder(folder)
}

/// A pipe whose reader is gone.
fn broken_pipe() -> std::io::PipeWriter {
    let (_reader, writer) = std::io::pipe().unwrap();
    writer
}

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn a_reader_of_the_talk_that_went_away_changes_nothing() {
    let target = target::start();
    let folder = empty_folder("stopping/closed_stderr");
    // Tables once in a while, log lines, the summary: all of it into the void.
    let args = "-t 3s -u 2 -r 10 --csv run --json-file run --json";
    let finished = run(&target, args, &folder).with_stderr(broken_pipe()).output();
    assert_eq!(finished.code, Some(0), "{finished}");
    let report = Report::read(&folder);
    let count = report.aggregated().count("Request Count");
    assert_eq!(count, target.counts().total.received);
    assert_eq!(entries(&finished.stdout)[0].count("num_requests"), count);
}

#[test]
fn talk_into_a_full_disk_is_an_error_and_no_panic() {
    let target = target::start();
    let folder = empty_folder("stopping/full_stderr");
    let args = "-i 5 --csv run --json-file run";
    let finished = run(&target, args, &folder).with_stderr(full()).output();
    assert_eq!(finished.code, Some(3), "{finished}");
    assert_eq!(Report::read(&folder).aggregated().count("Request Count"), 5);
}

#[test]
fn data_that_cannot_be_written_are_an_error_that_says_which() {
    let target = target::start();
    let folder = empty_folder("stopping/stdout");
    let args = "-i 5 --csv run --json-file run --json --only-summary";
    for (stdout, why) in [(broken_pipe().into(), "Broken pipe"), (full().into(), "No space left")] {
        let stdout: std::process::Stdio = stdout;
        let finished = run(&target, args, &folder).with_stdout(stdout).output();
        assert_eq!(finished.code, Some(3), "{finished}");
        let said = "error: failed to report to the JSON on stdout";
        assert!(finished.stderr.contains(said) && finished.stderr.contains(why), "{finished}");
        assert_eq!(finished.verdict(), "passed: 5 requests, 0 failures, 0 exceptions");
        assert_eq!(Report::read(&folder).aggregated().count("Request Count"), 5);
    }
}

#[test]
fn a_file_on_a_full_disk_is_named() {
    let target = target::start();
    let folder = empty_folder("stopping/full_file");
    for name in ["broken.json", "broken.log"] {
        std::os::unix::fs::symlink("/dev/full", folder.join(name)).unwrap();
    }
    let args = "-i 5 --csv run --json-file broken --logfile broken.log --only-summary";
    let finished = run(&target, args, &folder).output();
    assert_eq!(finished.code, Some(3), "{finished}");
    for name in ["broken.json`", "broken.log`"] {
        assert!(finished.stderr.contains(name), "no {name} in {finished}");
    }
    let stats = Table::read(&folder.join("run"), "stats");
    assert_eq!(stats.row("Name", "Aggregated").count("Request Count"), 5);
}

/// A file system of this many bytes, until it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None: this machine does not let us.
    fn mount(folder: PathBuf, bytes: u32) -> Option<Self> {
        let size = std::ffi::CString::new(format!("size={bytes}")).unwrap();
        mount("none", &folder, "tmpfs", MountFlags::empty(), Some(size.as_c_str())).ok()?;
        Some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A test that failed has more to say than this.
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

#[test]
fn csv_files_on_a_disk_that_fills_up_keep_whole_rows_and_are_named() {
    let target = target::start_slow("fixed:5ms");
    let folder = empty_folder("stopping/small_disk");
    let disk = folder.join("disk");
    fs::create_dir(&disk).unwrap();
    // Eight pages: the files as they are created, and a few seconds of history.
    let Some(disk) = SmallDisk::mount(disk, 32 << 10) else {
        skip("csv_files_on_a_disk_that_fills_up_keep_whole_rows_and_are_named", "may not mount");
        return;
    };
    // What fills it: somebody else's file.
    fs::write(disk.0.join("other"), vec![b'x'; 12 << 10]).unwrap();
    let args = "-u 2 -r 10 -t 6s --csv disk/run --csv-full-history --json-file run --only-summary";
    let running = run(&target, args, &folder).spawn();
    target::wait_until(&target, std::time::Duration::from_secs(20), |counts| {
        counts.total.completed >= 1
    });
    // Whatever is left.
    let mut rest = File::options().append(true).open(disk.0.join("other")).unwrap();
    while std::io::Write::write_all(&mut rest, &[b'x'; 1 << 10]).is_ok() {}
    let finished = running.finish();
    assert_eq!(finished.code, Some(3), "{finished}");
    assert!(finished.stderr.contains("write the report file"), "{finished}");
    assert!(finished.stderr.contains("run_stats.csv`"), "{finished}");
    assert!(finished.stderr.contains("No space left on device"), "{finished}");
    for name in ["stats", "stats_history", "failures", "exceptions"] {
        let text = fs::read_to_string(disk.0.join(format!("run_{name}.csv"))).unwrap();
        assert!(text.ends_with("\r\n"), "{name} ends with half a row: {text}");
        let _ = Table::read(&disk.0.join("run"), name);
    }
    let json = entries(&fs::read_to_string(folder.join("run.json")).unwrap());
    assert_eq!(json[0].count("num_requests"), target.counts().total.completed);
}
