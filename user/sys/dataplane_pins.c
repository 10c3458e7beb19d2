/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What outlives the agent: the directory of pins and what lies in it.
 *
 *   PIN_DIR/vr_slots ...		the maps
 *   PIN_DIR/links/<ifindex>-<hook>	the links: xdp, tc_in, tc_out
 *   PIN_DIR/links/<ifindex>-clsact	a directory: the clsact qdisc on the interface is ours
 *
 * Interfaces go by their number because bpffs refuses names with a dot, such as eth0.100.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/dataplane_private.h"
#include "sys/log.h"
#include "xvrrp.skel.h"

#define BPFFS_HOME   "/sys/fs/bpf"
#define MOUNT_SOURCE "xvrrpd"

static const char *advice(int error)
{
	if (error == EPERM || error == EACCES)
		return ": run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN";
	if (error == ENODEV)
		return ": this kernel has no bpf file system (CONFIG_BPF_SYSCALL)";
	return "";
}

static bool on_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static int make_directory(const char *path, struct failure *failure)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return fail(failure, "cannot make the directory %s: %s%s", path, strerror(errno),
			    advice(errno));
	return 0;
}

static int mount_bpffs(const char *path, struct failure *failure)
{
	if (mount(MOUNT_SOURCE, path, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return fail(failure, "cannot mount a bpf file system on %s: %s%s", path,
			    strerror(errno), advice(errno));
	log_info("mounted a bpf file system on %s", path);
	return 0;
}

static bool mounted_by_us(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	bool ours = false;

	if (!mounts)
		return false;
	/* The last line for a path is the mount that is on top. */
	while ((entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_dir, path))
			ours = !strcmp(entry->mnt_fsname, MOUNT_SOURCE) &&
			       !strcmp(entry->mnt_type, "bpf");
	endmntent(mounts);
	return ours;
}

/* Nobody's pin has a dot in its name; the kernel's own files (maps.debug) have. */
static bool is_pin(const struct dirent *entry)
{
	return !strchr(entry->d_name, '.');
}

static bool is_empty(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!directory)
		return false;
	while ((entry = readdir(directory)))
		if (is_pin(entry))
			empty = false;
	closedir(directory);
	return empty;
}

/* Unmounting would destroy what others have pinned there meanwhile: only when it is empty. */
static void unmount_ours(const char *path)
{
	if (mounted_by_us(path) && is_empty(path) && umount2(path, 0))
		log_warning("cannot unmount %s: %s", path, strerror(errno));
}

/* Split `path` into its canonical parent and the rest. */
static int canonical(const char *path, char parent[PATH_MAX], char full[DATAPLANE_PATH_MAX],
		     struct failure *failure)
{
	char copy[DATAPLANE_PATH_MAX], *slash;
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length == 0 || length >= sizeof(copy))
		return fail(failure, "the pin directory's name is empty or too long");
	snprintf(copy, sizeof(copy), "%.*s", (int)length, path);
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!realpath(!slash ? "." : slash == copy ? "/" : copy, parent))
		return fail(failure, "the pin directory %s cannot be made: %s: %s%s", path,
			    slash ? copy : ".", strerror(errno), advice(errno));
	if (snprintf(full, DATAPLANE_PATH_MAX, "%s/%s", strcmp(parent, "/") ? parent : "",
		     slash ? slash + 1 : copy) >= DATAPLANE_PATH_MAX)
		return fail(failure, "the pin directory's name is too long");
	return 0;
}

static int lock(struct dataplane *dataplane, struct failure *failure)
{
	int fd = open(dataplane->pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail(failure, "cannot open %s: %s%s", dataplane->pin_dir, strerror(errno),
			    advice(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return fail(failure,
			    "another agent is using the pin directory %s: stop it, or give this "
			    "one another --pin-dir",
			    dataplane->pin_dir);
	}
	dataplane->lock_fd = fd;
	return 0;
}

int pins_open(struct dataplane *dataplane, const char *pin_dir, struct failure *failure)
{
	char parent[PATH_MAX];

	if (canonical(pin_dir, parent, dataplane->pin_dir, failure))
		return -1;
	if (!strcmp(parent, BPFFS_HOME) && !on_bpffs(parent) && mount_bpffs(parent, failure))
		return -1;
	if (make_directory(dataplane->pin_dir, failure))
		return -1;
	if (!on_bpffs(dataplane->pin_dir) && mount_bpffs(dataplane->pin_dir, failure)) {
		rmdir(dataplane->pin_dir);
		return -1;
	}
	return lock(dataplane, failure);
}

void pins_close(struct dataplane *dataplane)
{
	char parent[DATAPLANE_PATH_MAX];

	if (dataplane->lock_fd < 0)
		return;
	rmdir(dataplane->pin_dir);
	close(dataplane->lock_fd); /* it keeps the mount busy */
	unmount_ours(dataplane->pin_dir);
	rmdir(dataplane->pin_dir);
	snprintf(parent, sizeof(parent), "%s", dataplane->pin_dir);
	*strrchr(parent, '/') = '\0';
	unmount_ours(parent);
}

/* A pin may be anything here; only links can be detached, for the rest that fails. */
static void remove_pin(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
	if (unlink(path))
		log_warning("cannot remove the pin %s: %s", path, strerror(errno));
}

static unsigned clear_directory(const char *path)
{
	char pin[DATAPLANE_PATH_MAX + 8 + NAME_MAX];
	DIR *directory = opendir(path);
	struct dirent *entry;
	unsigned count = 0;

	if (!directory)
		return 0;
	while ((entry = readdir(directory))) {
		if (!is_pin(entry))
			continue;
		snprintf(pin, sizeof(pin), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR) {
			rmdir(pin);
			continue;
		}
		remove_pin(pin);
		count++;
	}
	closedir(directory);
	return count;
}

bool pins_stale(const struct dataplane *dataplane)
{
	return !is_empty(dataplane->pin_dir);
}

unsigned pins_clear(struct dataplane *dataplane)
{
	char links[DATAPLANE_PATH_MAX + 8];
	unsigned count;

	snprintf(links, sizeof(links), "%s/links", dataplane->pin_dir);
	count = clear_directory(links);
	return count + clear_directory(dataplane->pin_dir);
}

int pins_add_maps(struct dataplane *dataplane, struct failure *failure)
{
	const typeof(dataplane->skeleton->maps) *all = &dataplane->skeleton->maps;
	struct bpf_map *const shown[] = {all->abi,	all->vr_index, all->vip_index,
					 all->vr_slots, all->vr_stats, all->if_stats,
					 all->events};
	char path[DATAPLANE_PATH_MAX + 32];
	int error;

	snprintf(path, sizeof(path), "%s/links", dataplane->pin_dir);
	if (make_directory(path, failure))
		return -1;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dataplane->pin_dir, bpf_map__name(shown[i]));
		error = bpf_map__pin(shown[i], path);
		if (error)
			return fail(failure, "cannot pin a map at %s: %s%s", path, strerror(-error),
				    advice(-error));
	}
	return 0;
}
