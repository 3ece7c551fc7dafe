# Sourced by ./test and ./prove after environment.sh: what the real virtual machine of the tests needs. POSIX sh.
#
# QEMU, libvirt and a C compiler are installed where that is allowed. The machine's own kernel and programs are Debian's
# packages, taken apart into a cache and never installed: 27 MB, once.

guest_cache=.prorata-test/guest-system

# need_real_machine: brings what it can, and says what is left out and why.
need_real_machine() {
    bring_real_machine || say "What a real virtual machine needs could not all be brought."
    left_out=$(PYTHONPATH=tests PRORATA_MODE=test .venv/bin/python -c 'from support.guest import missing; print(missing())')
    [ -z "$left_out" ] || say "Left out: the stories on a real virtual machine. $left_out"
}

bring_real_machine() {
    [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || return 0
    if is_root_with_apt && ! has_hypervisor; then
        apt_install libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86 qemu-utils seabios || return 1
    fi
    has_hypervisor || return 0
    bring_libvirt_library && bring_guest_system
}

# libvirtd lies where only root looks.
has_hypervisor() {
    (
        PATH="$PATH:/usr/sbin"
        command -v libvirtd && command -v qemu-system-x86_64 && command -v qemu-img
    ) >/dev/null 2>&1
}

# libvirt's Python library is compiled on the machine that uses it.
bring_libvirt_library() {
    stamp=$(cksum <requirements/libvirt.txt)
    [ "$(cat .venv/prorata-libvirt 2>/dev/null)" != "$stamp" ] || return 0
    if ! can_compile; then
        is_root_with_apt || return 0
        apt_install gcc libc6-dev pkg-config libvirt-dev || return 1
        has_python_headers || apt_install python3-dev || return 1
    fi
    say "Compiling libvirt-python (once) ..."
    pip_install --no-build-isolation --require-hashes -r requirements/libvirt.txt || return 1
    printf '%s\n' "$stamp" >.venv/prorata-libvirt
}

can_compile() { command -v gcc >/dev/null 2>&1 && pkg-config --exists libvirt 2>/dev/null && has_python_headers; }

has_python_headers() {
    .venv/bin/python -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
}

# The kernel, its drivers and busybox, into $guest_cache. It is there when it is whole: the folder gets its name last.
bring_guest_system() {
    [ ! -e "$guest_cache" ] || return 0
    say "Fetching a kernel for the tests' virtual machine (once) ..."
    draft=$guest_cache.new
    rm -rf "$draft"
    mkdir -p "$draft/packages" "$draft/modules"
    fetch_packages "$draft/packages" || return 1
    for package in "$draft"/packages/*.deb; do
        dpkg-deb -x "$package" "$draft/taken-apart" || return 1
    done
    cp "$draft"/taken-apart/boot/vmlinuz-* "$draft/vmlinuz" || return 1
    cp "$draft/taken-apart/bin/busybox" "$draft/busybox" || return 1
    find "$draft/taken-apart" \( -path '*/drivers/virtio/*' -o -name 'virtio_blk.ko*' -o -name 'button.ko*' -o -name 'evdev.ko*' \) \
        -name '*.ko*' -exec cp {} "$draft/modules/" \; || return 1
    rm -rf "$draft/packages" "$draft/taken-apart"
    mv "$draft" "$guest_cache"
}

# "linux-image-cloud-amd64" is empty and needs the newest kernel's package.
fetch_packages() {
    ! is_root_with_apt || apt_update
    kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\).*/\1/p' | head -n 1)
    if [ -z "$kernel" ]; then
        say "apt knows no kernel linux-image-cloud-amd64: it is Debian's."
        return 1
    fi
    (cd "$1" && apt-get download -qq -o APT::Sandbox::User=root "$kernel" busybox-static >/dev/null)
}
