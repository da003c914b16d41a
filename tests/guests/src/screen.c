/* A program of the frame buffer's interface (uapi/linux/fb.h), run on a screen of 320 by 200 with 32 bits a pixel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void result(const char *what, long value) { printf("%s %ld %d\n", what, value, value < 0 ? errno : 0); }

int main(void) {
    int fd = open("/dev/fb0", O_RDWR);
    struct stat status;
    struct fb_var_screeninfo mode;
    struct fb_fix_screeninfo fixed;
    fstat(fd, &status);
    printf("device %d %u %u\n", S_ISCHR(status.st_mode), major(status.st_rdev), minor(status.st_rdev));
    result("mode", ioctl(fd, FBIOGET_VSCREENINFO, &mode));
    result("fixed", ioctl(fd, FBIOGET_FSCREENINFO, &fixed));
    printf("%ux%u of %ux%u, %u bits, line %u, %s, %u bytes\n", mode.xres, mode.yres, mode.xres_virtual,
           mode.yres_virtual, mode.bits_per_pixel, fixed.line_length, fixed.id, fixed.smem_len);

    uint32_t *pixels = mmap(NULL, fixed.smem_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    pixels[0] = 0x00ff8000;
    pixels[199 * 320 + 319] = 0x000000ff;
    uint32_t seen = 0;
    result("pread", pread(fd, &seen, 4, (199 * 320 + 319) * 4));
    printf("pixel %x\n", seen);
    result("seek", lseek(fd, 4, SEEK_SET));
    seen = 0x00010203;
    result("write", write(fd, &seen, 4));
    printf("second %x\n", pixels[1]);
    result("at the end", pwrite(fd, &seen, 4, fixed.smem_len));
    result("beyond it", pwrite(fd, &seen, 4, fixed.smem_len + 1));
    void *far = mmap(NULL, fixed.smem_len + 4096, PROT_READ, MAP_SHARED, fd, 0);
    result("mapping beyond the end", far == MAP_FAILED ? -1 : 0);

    mode.yres_virtual = 400;
    result("virtual", ioctl(fd, FBIOPUT_VSCREENINFO, &mode));
    mode.yoffset = 200;
    result("pan", ioctl(fd, FBIOPAN_DISPLAY, &mode));
    mode.yoffset = 201;
    result("pan too far", ioctl(fd, FBIOPAN_DISPLAY, &mode));
    mode.xres = mode.yres = 60000;
    result("absurd", ioctl(fd, FBIOPUT_VSCREENINFO, &mode));
    mode.bits_per_pixel = 7;
    result("seven bits", ioctl(fd, FBIOPUT_VSCREENINFO, &mode));

    uint16_t red[4] = {1, 2, 3, 4}, green[4] = {5, 6, 7, 8}, blue[4] = {9, 10, 11, 12};
    struct fb_cmap map = {.start = 2, .len = 4, .red = red, .green = green, .blue = blue};
    result("colours", ioctl(fd, FBIOPUTCMAP, &map));
    memset(red, 0, sizeof red);
    result("told", ioctl(fd, FBIOGETCMAP, &map));
    printf("red %u %u %u %u\n", red[0], red[1], red[2], red[3]);
    map.start = 254;
    result("too many colours", ioctl(fd, FBIOGETCMAP, &map));
    map.red = NULL;
    map.start = 0;
    result("colours nowhere", ioctl(fd, FBIOGETCMAP, &map));
    result("blank", ioctl(fd, FBIOBLANK, FB_BLANK_POWERDOWN));
    result("blank oddly", ioctl(fd, FBIOBLANK, 9));
    uint32_t crtc = 0;
    result("picture", ioctl(fd, FBIO_WAITFORVSYNC, &crtc));
    result("not known", ioctl(fd, 0x46ff, &crtc));
    return 0;
}
