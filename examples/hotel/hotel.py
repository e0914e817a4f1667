"""A hotel's messages: one that tells everybody, and many that wait for workers.

First a guest books, and one message reaches a queue, a function, a mail box, a phone and two apps.
Then forty booking requests are taken at once and worked off in the background, a bug makes some of
them fail, and after its fix they are moved back.

With --endpoint only the second part runs: the first one needs a server that is set up for it.
"""

from backlog import Backlog
from confirmation import Confirmation
from peers import Peers
from server import command_line, server
from story import finish, tell


def main():
    options = command_line(__doc__)
    if options.endpoint:
        with server(options) as endpoint:
            finish(Backlog.at(endpoint))
        return
    with Peers() as peers, server(options, peers.settings, peers.passwords()) as endpoint:
        tell("1. A guest books\n")
        problems = Confirmation(endpoint, peers).run()
        tell("2. A back-log\n")
        problems += Backlog.at(endpoint)
        finish(problems)


if __name__ == "__main__":
    main()
