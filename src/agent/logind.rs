//! What logind tells: that the machine goes to sleep, or that the user's session was locked.
//!
//! The agent locks before the machine sleeps: logind is asked to wait (a *delay* inhibitor), and
//! goes ahead by itself after some seconds, whatever happens here.

use std::sync::{Arc, Mutex, PoisonError};

/// Why the vault should be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The machine goes to sleep as soon as this was dealt with.
    Sleep,
    /// A session of this user was locked.
    SessionLock,
}

/// What is listened for, and for how long.
#[derive(Debug, Clone)]
pub struct Listening(Arc<Mutex<&'static str>>);

impl Listening {
    /// In one line, what locks the vault.
    #[must_use]
    pub fn said(&self) -> String {
        (*self.0.lock().unwrap_or_else(PoisonError::into_inner)).to_owned()
    }
}

/// Listens on a thread of its own, which sleeps until logind has something to say, and calls `notify`
/// there. The machine goes to sleep when `notify` has returned, so it must not take longer than
/// logind waits (5 s, if nobody changed it).
///
/// - Only what logind itself says counts: other programs on the bus are not heard.
/// - `None`: there is no system bus, or no logind on it. That is not looked for again.
/// - When the bus goes away, the thread ends; [`Listening::said`] tells.
///
/// In the agent, to be called after [`super::sandbox::enter`], which binds only later threads.
#[must_use]
pub fn listen(notify: impl Fn(Event) + Send + 'static) -> Option<Listening> {
    bus::listen(Box::new(notify))
}

#[cfg(target_os = "linux")]
mod bus {
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use dbus::Message;
    use dbus::arg::{OwnedFd, PropMap, ReadAll, Variant, prop_cast};
    use dbus::channel::{BusType, Channel};

    use super::{Event, Listening};

    type Notify = Box<dyn Fn(Event) + Send>;

    const LOGIND: &str = "org.freedesktop.login1";
    const MANAGER: &str = "org.freedesktop.login1.Manager";
    const MANAGER_PATH: &str = "/org/freedesktop/login1";
    const SESSION: &str = "org.freedesktop.login1.Session";
    const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
    const BUS: &str = "org.freedesktop.DBus";
    const BUS_PATH: &str = "/org/freedesktop/DBus";

    /// A desktop that locks by itself sets the hint and is not told to lock.
    const RULES: [&str; 3] = [
        "type='signal',sender='org.freedesktop.login1',path='/org/freedesktop/login1',\
         interface='org.freedesktop.login1.Manager',member='PrepareForSleep'",
        "type='signal',sender='org.freedesktop.login1',\
         path_namespace='/org/freedesktop/login1/session',\
         interface='org.freedesktop.login1.Session',member='Lock'",
        "type='signal',sender='org.freedesktop.login1',\
         path_namespace='/org/freedesktop/login1/session',\
         interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',\
         arg0='org.freedesktop.login1.Session'",
    ];

    const DELAYING: &str = "before sleep and when the session locks";
    const NOT_DELAYING: &str = "at sleep, perhaps too late, and when the session locks";
    const ENDED: &str = "neither at sleep nor when the session locks: the system bus went away";

    /// How long the bus or logind may take for an answer.
    const PATIENCE: Duration = Duration::from_secs(1);

    pub(super) fn listen(notify: Notify) -> Option<Listening> {
        let ear = Ear::new(Channel::get_private(BusType::System).ok()?)?;
        let said = Listening(Arc::clone(&ear.said));
        let thread = std::thread::Builder::new().name("logind".to_owned());
        thread.spawn(move || ear.hear(&notify)).ok()?;
        Some(said)
    }

    struct Ear {
        bus: Channel,
        /// The machine does not sleep while this is open.
        awake: Option<OwnedFd>,
        said: Arc<Mutex<&'static str>>,
    }

    impl Ear {
        fn new(bus: Channel) -> Option<Self> {
            let ear = Self { bus, awake: None, said: Arc::new(Mutex::new(NOT_DELAYING)) };
            // Asked first: calling a name that nobody has would start whoever is to have it.
            ear.logind()?;
            for rule in RULES {
                let _: () = ear.ask((BUS, BUS_PATH, BUS, "AddMatch"), (rule,))?;
            }
            Some(ear)
        }

        /// Until the bus goes away.
        fn hear(mut self, notify: &Notify) {
            self.stay_awake();
            loop {
                while let Some(message) = self.bus.pop_message() {
                    self.heed(&message, notify);
                }
                if self.bus.read_write(None).is_err() {
                    break;
                }
            }
            self.say(ENDED);
        }

        fn heed(&mut self, message: &Message, notify: &Notify) {
            let Some(told) = Told::read(message) else { return };
            // The rules do not keep out what another program sends to nobody but us.
            let Some(logind) = self.logind() else { return };
            if message.sender().is_none_or(|sender| *sender != *logind) {
                return;
            }
            match told {
                Told::Sleep => {
                    notify(Event::Sleep);
                    self.awake = None;
                }
                Told::Awake => self.stay_awake(),
                Told::Lock(session) if self.is_ours(&session) => notify(Event::SessionLock),
                Told::Lock(_) => {}
            }
        }

        /// Who logind is now: a name that the bus gave it, and that no other can have.
        fn logind(&self) -> Option<String> {
            self.ask((BUS, BUS_PATH, BUS, "GetNameOwner"), (LOGIND,)).map(|(owner,)| owner)
        }

        fn stay_awake(&mut self) {
            let wish = ("sleep", "mintage", "locks the vault before sleep", "delay");
            let answer: Option<(OwnedFd,)> =
                self.ask((LOGIND, MANAGER_PATH, MANAGER, "Inhibit"), wish);
            self.awake = answer.map(|(open,)| open);
            self.say(if self.awake.is_some() { DELAYING } else { NOT_DELAYING });
        }

        fn say(&self, what: &'static str) {
            *self.said.lock().unwrap_or_else(PoisonError::into_inner) = what;
        }

        /// Whose session it is; where that cannot be asked, one lock too many does no harm.
        fn is_ours(&self, session: &str) -> bool {
            type Owner = (Variant<(u32, dbus::Path<'static>)>,);
            let asked: Option<Owner> =
                self.ask((LOGIND, session, PROPERTIES, "Get"), (SESSION, "User"));
            asked.is_none_or(|(user,)| user.0.0 == rustix::process::getuid().as_raw())
        }

        /// Asks whoever (name, path, interface, method) names; nobody is started for it.
        fn ask<A: ReadAll>(
            &self,
            (name, path, interface, method): (&str, &str, &str, &str),
            with: impl dbus::arg::AppendAll,
        ) -> Option<A> {
            let mut call = Message::new_method_call(name, path, interface, method).ok()?;
            call.set_auto_start(false);
            call.append_all(with);
            self.bus.send_with_reply_and_block(call, PATIENCE).ok()?.read_all().ok()
        }
    }

    /// What a message says, whoever sent it.
    enum Told {
        Sleep,
        Awake,
        /// The path of the session.
        Lock(String),
    }

    impl Told {
        fn read(message: &Message) -> Option<Self> {
            if message.msg_type() != dbus::MessageType::Signal {
                return None;
            }
            let [path, interface, member] = [
                message.path()?.to_string(),
                message.interface()?.to_string(),
                message.member()?.to_string(),
            ];
            match (interface.as_str(), member.as_str()) {
                (MANAGER, "PrepareForSleep") => {
                    let goes = message.read1().ok()?;
                    Some(if goes { Self::Sleep } else { Self::Awake })
                }
                (SESSION, "Lock") => Some(Self::Lock(path)),
                (PROPERTIES, "PropertiesChanged") => {
                    let (of, changed): (&str, PropMap) = message.read2().ok()?;
                    let is_locked = prop_cast::<bool>(&changed, "LockedHint") == Some(&true);
                    (of == SESSION && is_locked).then_some(Self::Lock(path))
                }
                _ => None,
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod bus {
    use super::{Event, Listening};

    pub(super) fn listen(_: Box<dyn Fn(Event) + Send>) -> Option<Listening> {
        None
    }
}
