//! Who opens a locked vault: one client at a time, and the others wait for what comes of it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::sync::oneshot;

use super::opening::Purpose;
use crate::agent::protocol::Asker;
use crate::limits;

/// What a waiting client is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is the one to open.
    Yours,
    /// Somebody opened: look again.
    Look,
    /// A person is being asked, and it has none.
    Locked,
}

/// The elections of all vaults, by their ids.
#[derive(Default)]
pub(super) struct Elections(HashMap<String, Election>);

struct Waiting {
    asker: Asker,
    purpose: Purpose,
    tell: oneshot::Sender<Turn>,
}

#[derive(Default)]
struct Election {
    waiting: VecDeque<Waiting>,
    elected: bool,
    asking_person: bool,
    wrong: u32,
    not_before: Duration,
}

impl Elections {
    /// Joins: the first is elected at once.
    pub(super) fn join(
        &mut self,
        vault: &str,
        asker: Asker,
        purpose: Purpose,
    ) -> oneshot::Receiver<Turn> {
        let (tell, turn) = oneshot::channel();
        let election = self.0.entry(vault.to_owned()).or_default();
        if !election.elected {
            election.elected = true;
            let _it_waits = tell.send(Turn::Yours);
        } else if election.asking_person && asker != Asker::Person {
            let _it_waits = tell.send(Turn::Locked);
        } else {
            election.waiting.push_back(Waiting { asker, purpose, tell });
        }
        turn
    }

    /// The elected one asks a person: who has none need not wait.
    pub(super) fn asking(&mut self, vault: &str) {
        let Some(election) = self.0.get_mut(vault) else { return };
        election.asking_person = true;
        let waiting = std::mem::take(&mut election.waiting);
        for waiting in waiting {
            if waiting.asker == Asker::Person {
                election.waiting.push_back(waiting);
            } else {
                let _gone_meanwhile = waiting.tell.send(Turn::Locked);
            }
        }
    }

    /// The vault is open.
    pub(super) fn won(&mut self, vault: &str) {
        if let Some(election) = self.0.remove(vault) {
            for Waiting { tell, .. } in election.waiting {
                let _gone_meanwhile = tell.send(Turn::Look);
            }
        }
    }

    /// Somebody locked: who only wants to use a vault is to look again. Who waits to unlock waits on.
    pub(super) fn users_look(&mut self) {
        for election in self.0.values_mut() {
            let to_use = |waiting: &mut Waiting| waiting.purpose == Purpose::Use;
            for index in (0..election.waiting.len()).rev() {
                if election.waiting.get_mut(index).is_some_and(to_use)
                    && let Some(waiting) = election.waiting.remove(index)
                {
                    let _gone_meanwhile = waiting.tell.send(Turn::Look);
                }
            }
        }
    }

    /// The elected one did not open it: it is the next one's turn.
    pub(super) fn lost(&mut self, vault: &str) {
        let Some(election) = self.0.get_mut(vault) else { return };
        (election.elected, election.asking_person) = (false, false);
        while let Some(Waiting { tell, .. }) = election.waiting.pop_front() {
            if tell.send(Turn::Yours).is_ok() {
                election.elected = true;
                return;
            }
        }
    }

    /// The key was wrong: from the second on there is a pause, each twice as long as the last.
    pub(super) fn wrong(&mut self, vault: &str, now: Duration) {
        let election = self.0.entry(vault.to_owned()).or_default();
        let pause = Duration::from_millis(250) * 2_u32.saturating_pow(election.wrong.min(16));
        election.wrong += 1;
        election.not_before = now + pause.min(limits::WRONG_OPENING);
    }

    /// How long the elected one must wait yet.
    pub(super) fn pause(&self, vault: &str, now: Duration) -> Duration {
        self.0.get(vault).map_or(Duration::ZERO, |it| it.not_before.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_elected_and_the_others_look_once_it_has_won() {
        let mut elections = Elections::default();
        let mut turns: Vec<_> =
            (0..30).map(|_| elections.join("v", Asker::Person, Purpose::Use)).collect();
        assert_eq!(turns.remove(0).try_recv(), Ok(Turn::Yours));
        assert!(turns.iter_mut().all(|turn| turn.try_recv().is_err()));
        elections.won("v");
        assert!(turns.iter_mut().all(|turn| turn.try_recv() == Ok(Turn::Look)));
    }

    #[test]
    fn if_the_elected_one_dies_the_next_living_one_is_asked() {
        let mut elections = Elections::default();
        let _first = elections.join("v", Asker::Person, Purpose::Use);
        drop(elections.join("v", Asker::Person, Purpose::Use));
        let mut third = elections.join("v", Asker::Program, Purpose::Use);
        elections.lost("v");
        assert_eq!(third.try_recv(), Ok(Turn::Yours));
        elections.lost("v");
        assert_eq!(elections.join("v", Asker::Program, Purpose::Use).try_recv(), Ok(Turn::Yours));
    }

    #[test]
    fn nobody_waits_for_a_person_but_persons() {
        let mut elections = Elections::default();
        let _first = elections.join("v", Asker::Person, Purpose::Use);
        let mut before = elections.join("v", Asker::Program, Purpose::Use);
        let mut person = elections.join("v", Asker::Person, Purpose::Use);
        elections.asking("v");
        assert_eq!(before.try_recv(), Ok(Turn::Locked));
        assert_eq!(elections.join("v", Asker::Program, Purpose::Use).try_recv(), Ok(Turn::Locked));
        assert!(person.try_recv().is_err());
        elections.lost("v");
        assert_eq!(person.try_recv(), Ok(Turn::Yours));
    }

    #[test]
    fn a_lock_ends_the_wait_of_users_and_of_nobody_else() {
        let mut elections = Elections::default();
        let _first = elections.join("v", Asker::Person, Purpose::Use);
        let mut user = elections.join("v", Asker::Person, Purpose::Use);
        let mut unlock = elections.join("v", Asker::Person, Purpose::Unlock(None));
        elections.users_look();
        assert_eq!(user.try_recv(), Ok(Turn::Look));
        assert!(unlock.try_recv().is_err());
        elections.lost("v");
        assert_eq!(unlock.try_recv(), Ok(Turn::Yours));
    }

    #[test]
    fn wrong_keys_are_slowed_and_a_right_one_ends_that() {
        let mut elections = Elections::default();
        let now = Duration::from_secs(100);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let _turn = elections.join("v", Asker::Person, Purpose::Use);
            elections.wrong("v", now);
            elections.lost("v");
            pauses.push(elections.pause("v", now).as_millis());
        }
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        elections.won("v");
        assert_eq!(elections.pause("v", now), Duration::ZERO);
    }
}
