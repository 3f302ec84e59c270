#!/usr/bin/env python3
"""scenes.py TARGET [SCENE…]: writes each scene's capture, HAR file or log into TARGET/SCENE, packet by packet by field3's
wire.py and field4's reflex_app.py; each scene's first words say what happens in it. Needs mergecap and editcap."""
import os, sys

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "..", name, "make") for name in ("field3", "field4")]
from wire import SCENES
import pages, origins, records_of_people

if __name__ == "__main__":
    mine = {name for name, function in SCENES.items() if function.__module__ in ("pages", "origins", "records_of_people")}
    for name in sys.argv[2:] or sorted(mine):
        SCENES[name]().write(f"{sys.argv[1]}/{name}")
