"""The attacks, by name. Those of ``CONTROLLED`` also run unconfined, where they must trip a canary."""

CONTROLLED = {
    # 1, 2: the internet protocols
    "tcp4": "socket.create_connection(('127.0.0.1', PORTS['tcp4']), timeout=2)",
    "tcp6": "socket.create_connection(('::1', PORTS['tcp6']), timeout=2)",
    "udp4": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORTS['udp4']))",
    "udp6": "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('::1', PORTS['udp6']))",
    # 4: by programs
    "curl": "subprocess.run(['curl', '-sm', '2', f\"http://127.0.0.1:{PORTS['tcp4']}/\"])",
    "bash": "subprocess.run(['bash', '-c', f\"echo > /dev/tcp/127.0.0.1/{PORTS['tcp4']}\"])",
    "perl": "subprocess.run(['perl', '-MIO::Socket', '-e', f\"IO::Socket::INET->new('127.0.0.1:{PORTS['tcp4']}')\"])",
    # 8: by the C library
    "ctypes": """
address = struct.pack('=HHI8x', 2, socket.htons(PORTS['tcp4']), 0x100007F)
libc.connect(libc.socket(2, 1, 0), address, 16)""",
    # 6, 5, 7: other families, which need no canary beyond the socket itself
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); print('BREACH')",
    # 10, 11, 12: unix sockets
    "unix stream": "socket.socket(socket.AF_UNIX).connect(str(OUT / 'stream'))",
    "unix datagram": "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', str(OUT / 'datagram'))",
    "datagram pair": "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', str(OUT / 'datagram'))",
    "abstract": "socket.socket(socket.AF_UNIX).connect(ABSTRACT)",
    "high bits": "print('BREACH' if syscall(41, 2 | 1 << 40, 1, 0) >= 0 else '')",
    # 15, 16, 18: files outside
    "create": "(OUT / 'created').write_text('x')",
    "folder": "(OUT / 'created').mkdir()",
    "append": "open(SECRET_FILE, 'a').write('x')",
    "truncate": "os.truncate(SECRET_FILE, 0)",
    "unlink": "SECRET_FILE.unlink()",
    "rename": "SECRET_FILE.rename(OUT / 'renamed')",
    "symlink": "os.symlink(SECRET_FILE, 'link'); open('link', 'a').write('x')",
    "hard link": "os.link(SECRET_FILE, OUT / 'linked')",
    "move out": "Path('mine').write_text('x'); shutil.move('mine', OUT / 'mine')",
    "program": "subprocess.run(['sh', '-c', f'echo x >> {SECRET_FILE}'])",
    "chmod": "os.chmod(SECRET_FILE, 0o777)",
    "attribute": "os.setxattr(SECRET_FILE, 'user.x', b'x')",
    "by the host's folder": "open(f'/proc/{HOST}/root{SECRET_FILE}', 'a').write('x')",
    "utime": "os.utime(SECRET_FILE, (5, 5))",
    # 17, 21, 22: reading
    "read": "print(SECRET_FILE.read_text())",
    "read by a link": "Path('leak').symlink_to(SECRET_FILE); print(Path('leak').read_text())",
    "read by /proc": "print(Path(f'/proc/self/root{SECRET_FILE}').read_text())",
    "read by the host's root": "print(Path(f'/proc/{HOST}/root{SECRET_FILE}').read_text())",
    "read by another's folder": "print(Path(f'/proc/{VICTIM}/cwd/secret.txt').read_text())",
    "read by a program": "print(subprocess.run(['cat', SECRET_FILE], capture_output=True, text=True).stdout)",
    "list": "print('BREACH' if 'secret.txt' in os.listdir(OUT) else '')",
    "environments": """
for path in Path('/proc').glob('[0-9]*/environ'):
    try: print(path.read_bytes())
    except OSError: pass
print(os.environ)""",
    "processes of the host": "print('BREACH' if Path(f'/proc/{HOST}/cmdline').exists() and HOST > 60 else '')",
}

_REFUSED = "\nprint('BREACH' if {call} >= 0 else errno.errorcode[ctypes.get_errno()])"

SYSTEM_CALLS = {
    "io_uring": "syscall(425, 1, ctypes.create_string_buffer(200))",
    "clone3": "syscall(435, ctypes.create_string_buffer(88), 88)",
    "pidfd_getfd": "syscall(438, os.pidfd_open(TARGET), 0, 0)",
    "keyctl": "syscall(250, 0, -3, 0)",
    "add_key": "syscall(248, b'user', b'x', b'y', 1, -3)",
    "unshare user": "libc.unshare(0x10000000)",
    "unshare mounts": "libc.unshare(0x20000)",
    "clone user": "(syscall(56, 0x10000000 | 17, 0, 0, 0, 0) or os._exit(0))",
    "setns": "libc.setns(os.open(f'/proc/{TARGET}/ns/mnt', 0), 0)",
    "mount": "libc.mount(b'none', b'/tmp', b'tmpfs', ctypes.c_ulong(0), None)",
    "remount": "libc.mount(None, b'/', None, ctypes.c_ulong(32), None)",
    "umount": "libc.umount2(str(Path.home()).encode(), 2)",
    "mount_setattr": "syscall(442, -100, b'/', 0, ctypes.create_string_buffer(32), 32)",
    "open_tree": "syscall(428, -100, b'/', 1)",
    "chroot": "libc.chroot(b'/tmp')",
    "ptrace": "libc.ptrace(16, TARGET, None, None)",
    "process_vm_readv": "syscall(310, TARGET, *[ctypes.create_string_buffer(16), 1] * 2, 0)",
    "bpf": "syscall(321, 0, ctypes.create_string_buffer(128), 128)",
    "perf": "syscall(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)",
    "userfaultfd": "syscall(323, 1)",
    "TIOCSTI": "libc.ioctl(os.openpty()[1], ctypes.c_ulong(0x5412), b'x')",
    "TIOCSTI, high bits": "libc.ioctl(os.openpty()[1], ctypes.c_ulong(0x5412 | 1 << 33), b'x')",
    "setuid": "libc.setuid(1 if os.getuid() != 1 else 2)",
    "x32 socket": "syscall(0x40000000 + 41, 2, 1, 0)",
    "vsock": "libc.socket(40, 1, 0)",
    "packet": "libc.socket(17, 3, 0)",
    "raw": "libc.socket(2, 3, 1)",
    "prlimit": "syscall(302, TARGET, 7, None, ctypes.create_string_buffer(16))",
    "affinity": "syscall(203, TARGET, 8, (ctypes.c_ulong * 1)(1))",
    "priority": "libc.setpriority(0, TARGET, 5)",
    "kcmp": "syscall(312, os.getpid(), TARGET, 0, 0, 0)",
    "fanotify": "syscall(300, 0, 0)",
    "new mount API": "syscall(430, b'tmpfs', 0)",
    "swap": "syscall(167, b'/tmp/nothing', 0)",
    "kernel log": "syscall(103, 3, ctypes.create_string_buffer(64), 64)",
    "module": "syscall(313, 0, b'', 0)",
    "handle": "syscall(304, -100, ctypes.create_string_buffer(16), 0)",
    "hostname": "libc.sethostname(b'x', 1)",
    "openat2": "syscall(437, -100, b'x', ctypes.create_string_buffer(24), 24)",
    "device": "libc.mknod(b'/tmp/device', 0o60666, ctypes.c_ulong(0xFE00))",
}

# A file that runs with its owner's rights for whoever starts it, in the workspace, which others may reach.
AS_OWNER = """
import stat
def judge():
    mode = os.stat('mine').st_mode
    print('BREACH' if mode & (stat.S_ISUID | (stat.S_ISGID if mode & 8 else 0)) else 'kept', oct(mode))
Path('mine').unlink(missing_ok=True)
try: {attempt}
except OSError as error: print(error)
if os.path.exists('mine'): judge()
"""
AS_OWNER_ATTEMPTS = {
    "by chmod": "shutil.copy('/bin/sh', 'mine'); os.chmod('mine', 0o4755)",
    "of a group, by chmod": "shutil.copy('/bin/sh', 'mine'); os.chmod('mine', 0o2755)",
    "by open": "os.open('mine', os.O_CREAT | os.O_WRONLY, 0o4755)",
    "by mknod": "os.mknod('mine', 0o104755)",
    "by a program": "shutil.copy('/bin/sh', 'mine'); subprocess.run(['chmod', 'u+s,g+s', 'mine'])",
    "by tar": "shutil.copy('/bin/sh', 'mine'); subprocess.run('tar c --mode=6755 mine | tar xp', shell=True)",
}

OTHERS = {name: _REFUSED.format(call=call) for name, call in SYSTEM_CALLS.items()} | {
    **{f"owner's rights {name}": AS_OWNER.format(attempt=attempt) for name, attempt in AS_OWNER_ATTEMPTS.items()},
    "int 0x80": """
import mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex('53b867010000bb02000000b901000000ba00000000cd805bc3'))
made = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
print('BREACH' if made >= 0 else made)""",
    # 3
    "name": """
try: socket.getaddrinfo('localhost.example.org', 80); print('BREACH')
except socket.gaierror as error: print(error)""",
    # 20: these are private
    "shell start-up": "Path.home().joinpath('.bashrc').write_text('x')",
    "shared memory": "Path('/dev/shm/planted').write_text('x')",
    "temporary": "Path('/tmp/planted').write_text('x'); Path('/var/tmp/planted').write_text('x')",
    # 21
    "keys": """
for name in ('.ssh', '.aws', '.gnupg', '.bash_history', '.config', '.netrc', '.pyenv/shims'):
    if Path.home().joinpath(name).exists(): print('BREACH', name)
    if Path('/root').joinpath(name).exists(): print('BREACH', name)""",
    "passwords": "print('BREACH', open('/etc/shadow').read()[:5])",
    "settings of root": """
for folder, _, names in os.walk('/etc'):
    for name in names:
        path = os.path.join(folder, name)
        try:
            if os.lstat(path).st_mode & 0o170004 == 0o100000: open(path).close(); print('BREACH', path)
        except OSError: pass""",
    # 24, 25
    "kill the victim": "os.kill(VICTIM, 9)",
    "kill the host": "os.kill(HOST, 0); print('BREACH' if HOST > 400 else '')",
    "kill the supervisor": "os.kill(1, 9); os.kill(1, 19)",
    "kill everybody": "os.kill(-1, 9)",
    "kill the group 0": "import signal; signal.signal(15, signal.SIG_IGN); os.killpg(0, 15)",
    "memory of the supervisor": "open('/proc/1/mem', 'rb'); print('BREACH')",
    "descriptors of the supervisor": """
for number in range(64):
    for flags in (os.O_RDONLY, os.O_WRONLY):
        try: os.open(f'/proc/1/fd/{number}', flags | os.O_NONBLOCK); print('BREACH', number)
        except OSError: pass""",
    "root of the supervisor": "os.listdir('/proc/1/root'); print('BREACH')",
    "disk": """
for path in Path('/sys/class/block').glob('*') if os.access('/sys/class/block', 4) else []: print(path)
for name in ('vda', 'sda', 'mem', 'kmsg', 'nvme0n1'):
    if Path('/dev', name).exists(): print('BREACH')""",
    # what runs before or beside a cell's own code
    "preloaded library": """
Path('planted.c').write_text('#include <unistd.h>\\n__attribute__((constructor)) void f(void)'
                             '{int fd = open("%s", 1025); write(fd, "x", 1);}' % SECRET_FILE)
subprocess.run(['gcc', '-w', '-shared', '-fPIC', '-o', 'planted.so', 'planted.c'])
subprocess.run(['true'], env={'LD_PRELOAD': os.path.abspath('planted.so')})""",
    "program in memory": """
program = os.memfd_create('program')
os.write(program, Path('/bin/cat').read_bytes())
print(subprocess.run([f'/proc/self/fd/{program}', SECRET_FILE], pass_fds=[program], capture_output=True).stdout)""",
    "own memory": """
filters = [line for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('Seccomp')]
open('/proc/self/mem', 'r+b').close()
libc.prctl(38, 0, 0, 0, 0)
libc.prctl(22, 0, None)
try: socket.socket(); print('BREACH', filters)
except OSError as error: print(error)""",
    "descriptor by a signal": """
import fcntl, signal
reader, writer = os.pipe()
fcntl.fcntl(reader, fcntl.F_SETOWN, VICTIM)
fcntl.fcntl(reader, fcntl.F_SETSIG, signal.SIGKILL)
fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
os.write(writer, b'x')""",
    "capabilities again": """
status = '/proc/self/status'
for text in (Path(status).read_text(), subprocess.run(['cat', status], stdout=-1).stdout.decode()):
    held = [line for line in text.splitlines() if line.startswith(('CapEff', 'CapPrm', 'CapInh', 'CapAmb'))]
    if any(int(line.split()[1], 16) for line in held): print('BREACH', held)""",
    "settings of the machine": """
for path in ('sys/kernel/core_pattern', 'sys/kernel/hostname', 'sys/kernel/pid_max', 'sysrq-trigger'):
    try: os.close(os.open(f'/proc/{path}', os.O_WRONLY)); print('BREACH', path)
    except OSError: pass""",
    # what the host runs later
    "git hook": "Path('.git/hooks/pre-commit').write_text('x'); print('BREACH')",
    "git, new file": "Path('.git/hooks/post-commit').write_text('x'); print('BREACH')",
    "git, renamed": "os.rename('.git', 'old'); print('BREACH')",
    "git, its folder renamed": "os.rename('sub/deeper', 'sub/old'); print('BREACH')",
    "git, upper folder renamed": "os.rename('sub', 'old'); print('BREACH')",
    "git, removed": "shutil.rmtree('.git', True); print('' if Path('.git/hooks/pre-commit').exists() else 'BREACH')",
    "environment": "Path('environment/pyvenv.cfg').write_text('x'); print('BREACH')",
    "environment, new": "Path('environment/sitecustomize.py').write_text('x'); print('BREACH')",
    "project file": "Path('offline-interpreter.toml').write_text('x'); print('BREACH')",
    "project file, replaced": "Path('other').touch(); os.replace('other', 'offline-interpreter.toml'); print('BREACH')",
    "own files": "import IPython; open(IPython.__file__, 'a'); print('BREACH')",
    "own Python": "open(os.path.realpath(sys.executable), 'ab'); print('BREACH')",
    "editor": "Path('.vscode').mkdir(exist_ok=True); Path('.vscode/tasks.json').write_text('x'); print('BREACH')",
    "shell": "Path('.envrc').write_text('x'); print('BREACH')",
}

# Tried only where all that they could reach is a namespace of their own.
HARMFUL = frozenset(
    {
        *("mount", "remount", "umount", "mount_setattr", "new mount API", "chroot", "hostname", "device", "swap"),
        *("module", "prlimit", "affinity", "priority", "kill the host", "kill the supervisor", "kill everybody"),
        *("kill the group 0", "memory of the supervisor", "root of the supervisor", "descriptors of the supervisor"),
        *("settings of the machine", "disk"),
    }
)
