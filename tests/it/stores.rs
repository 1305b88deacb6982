//! The session store in files, used by processes that are killed with SIGKILL at random points and that
//! get in each other's way: what was acknowledged is there.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use loom_tests::store::{KEEP, SESSION, STORE, labels, open};
use loom_types::SessionId;
use tempfile::TempDir;

/// Directories in which processes are killed one after the other, several at once, and how many in each.
const CHAINS: u32 = 16;
const AT_ONCE: u32 = 4;
const KILLS: u32 = 20;

/// The longest that a process writes before it is killed: some dozen appends.
const LONGEST: Duration = Duration::from_millis(200);

/// Appends of each process that races.
const RACED: usize = 250;

/// What one process said.
#[derive(Debug, Default)]
struct Said {
    found: Vec<String>,
    stored: Vec<u64>,
    /// Labels by seq.
    appended: BTreeMap<usize, String>,
    conflicts: u32,
    backed_up: Option<u64>,
    backups: u32,
    reclaimed: u32,
}

impl Said {
    fn take(&mut self, line: &str) {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        match word().as_str() {
            "entry" => {
                assert_eq!(word(), self.found.len().to_string());
                self.found.push(word());
            }
            "stored" => self.stored.extend([word(), word()][1].parse::<u64>()),
            "appended" => drop(self.appended.insert(word().parse().unwrap(), word())),
            "conflict" => self.conflicts += 1,
            "backup" => {
                self.backed_up = [word(), word()][1].parse().ok();
                self.backups += 1;
            }
            "reclaimed" => self.reclaimed += 1,
            _ => {}
        }
    }
}

/// A process that works on a store.
struct Worker {
    child: Child,
    lines: BufReader<ChildStdout>,
    said: Said,
}

impl Worker {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_loom-under-test"))
            .env_clear()
            .env(STORE, directory)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            lines,
            said: Said::default(),
        }
    }

    /// Waits until it has appended something.
    fn appending(mut self) -> Self {
        while self.said.appended.is_empty() {
            let mut line = String::new();
            let bytes = self.lines.read_line(&mut line).unwrap();
            if bytes == 0 {
                panic!("it died: {}", self.end().1);
            }
            self.said.take(line.trim_end());
        }
        self
    }

    /// Waits until it starts to write.
    fn ready(mut self) -> Self {
        loop {
            let mut line = String::new();
            let bytes = self.lines.read_line(&mut line).unwrap();
            match line.trim_end() {
                "ready" => return self,
                _ if bytes == 0 => panic!("it died: {}", self.end().1),
                line => self.said.take(line),
            }
        }
    }

    /// Waits for its end; what it said, and its warnings.
    fn end(mut self) -> (Said, String) {
        let mut rest = Vec::new();
        self.lines.read_to_end(&mut rest).unwrap();
        let mut complaint = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut complaint).unwrap();
        self.child.wait().unwrap();
        // A line that the kill cut off acknowledges nothing.
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            if let Some(line) = line.strip_suffix(b"\n") {
                self.said.take(std::str::from_utf8(line).unwrap());
            }
        }
        (self.said, complaint)
    }

    fn kill(mut self) -> (Said, String) {
        self.child.kill().unwrap();
        self.end()
    }
}

/// In memory where there is such a place: a process that is killed leaves there what it leaves on a
/// disk, and does a hundred times as much before.
fn directory() -> TempDir {
    let in_memory = Path::new("/dev/shm");
    match in_memory.is_dir() {
        true => tempfile::tempdir_in(in_memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

/// What is known of a directory in which processes are killed.
struct Chain {
    directory: TempDir,
    kind: &'static str,
    random: u64,
    acknowledged: BTreeMap<usize, String>,
    backed_up: u64,
    total: Said,
    torn: u32,
}

impl Chain {
    fn new(number: u32) -> Self {
        Self {
            directory: directory(),
            kind: if number.is_multiple_of(4) {
                "append"
            } else {
                "upkeep"
            },
            random: u64::from(number) + 1,
            acknowledged: BTreeMap::new(),
            backed_up: 0,
            total: Said::default(),
            torn: 0,
        }
    }

    fn run(mut self) -> Self {
        for _ in 0..KILLS {
            self.kill_one();
        }
        self.check_the_end();
        self
    }

    fn kill_one(&mut self) {
        let was_torn = is_torn(&self.file());
        let mut worker = Worker::start(self.directory.path(), &[self.kind]).ready();
        let delay = self.delay();
        // Now and then it dies in its first append, mostly later.
        if !delay.subsec_micros().is_multiple_of(8) {
            worker = worker.appending();
        }
        thread::sleep(delay);
        let (said, complaint) = worker.kill();
        self.check_found(&said.found);
        let newest = said.stored.first().copied().unwrap_or_default();
        assert!(newest >= self.backed_up, "a backup is lost: {said:?}");
        if was_torn {
            self.torn += 1;
            assert!(complaint.contains("no whole record"), "{complaint:?}");
        }
        assert!(!complaint.contains("damaged"), "{complaint}");
        self.acknowledged.extend(said.appended);
        self.backed_up = said.backed_up.unwrap_or(newest);
        self.total.backups += said.backups;
        self.total.reclaimed += said.reclaimed;
    }

    fn check_found(&self, found: &[String]) {
        for (seq, label) in &self.acknowledged {
            assert_eq!(
                found.get(*seq),
                Some(label),
                "an acknowledged entry is lost"
            );
        }
        // The process that was killed last may have written what it was not told of.
        let unknown = found.len() - self.acknowledged.len();
        assert!(unknown as u32 <= KILLS, "{unknown} entries of nobody");
    }

    fn check_the_end(&self) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let memory = open(self.directory.path()).await;
            let all = labels(&*memory).await.unwrap();
            self.check_found(&all);
            let session = SessionId::from(SESSION);
            if self.kind == "append" {
                return;
            }
            memory.maintain(&session, KEEP).await.unwrap();
            let backups = memory.backups(Some(&session)).await.unwrap();
            assert_eq!(backups.len(), KEEP as usize);
            for backup in backups {
                memory.restore(&session, &backup.id).await.unwrap();
                let restored = labels(&*memory).await.unwrap();
                assert_eq!(restored, all[..backup.entries as usize]);
            }
        });
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("sessions/s-s.log")
    }

    /// SplitMix64: the same after the same start.
    fn delay(&mut self) -> Duration {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let micros = (z ^ (z >> 31)) % LONGEST.as_micros() as u64;
        Duration::from_micros(micros)
    }
}

/// Whether a file ends in the middle of a record.
fn is_torn(file: &Path) -> bool {
    let bytes = std::fs::read(file).unwrap_or_default();
    let last = bytes
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let mut parts = last.splitn(3, |byte| *byte == b' ').skip(1);
    let length = parts
        .next()
        .and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
    let json = parts.next().map(<[u8]>::len);
    !last.is_empty() && (json.is_none() || json != length)
}

#[test]
fn nothing_acknowledged_is_lost_when_processes_are_killed() {
    let done: Vec<Chain> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|worker| {
                let numbers = (worker..CHAINS).step_by(AT_ONCE as usize);
                scope.spawn(move || numbers.map(|n| Chain::new(n).run()).collect::<Vec<_>>())
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    let sum = |count: fn(&Chain) -> u32| done.iter().map(count).sum::<u32>();
    let acknowledged = sum(|chain| chain.acknowledged.len() as u32);
    let backups = sum(|chain| chain.total.backups);
    let reclaimed = sum(|chain| chain.total.reclaimed);
    let torn = sum(|chain| chain.torn);
    println!(
        "{} kills: {acknowledged} appends and {backups} backups acknowledged, {reclaimed} logs written \
         anew, {torn} torn records",
        CHAINS * KILLS
    );
    assert!(acknowledged > CHAINS * KILLS / 2 && backups > CHAINS && reclaimed > 0);
}

#[test]
fn two_processes_that_append_to_one_session_lose_nothing() {
    // On a busy machine one may be done before the other has begun.
    let raced = (0..20).any(|_| race());
    assert!(raced, "nobody raced");
}

/// Two processes append at the same time; whether they came into each other's way.
fn race() -> bool {
    let directory = tempfile::tempdir().unwrap();
    let count = RACED.to_string();
    let workers = ["append", "upkeep"].map(|kind| Worker::start(directory.path(), &[kind, &count]));
    let said = workers.map(|worker| worker.end().0);
    let raced = said.iter().any(|said| said.conflicts > 0);
    let mut appended = BTreeMap::new();
    for said in said {
        assert_eq!(said.appended.len(), RACED, "each got all of its entries in");
        for (seq, label) in said.appended {
            assert!(
                appended.insert(seq, label).is_none(),
                "two were given the place {seq}"
            );
        }
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let found = runtime.block_on(async { labels(&*open(directory.path()).await).await });
    let expect: Vec<_> = appended.into_values().collect();
    assert_eq!(found.unwrap(), expect);
    raced
}
