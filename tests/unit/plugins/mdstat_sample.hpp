// Arrays of many kinds, as Linux shows them.
#pragma once

namespace virgo {

inline constexpr const char* kMdstat =
    R"(Personalities : [linear] [raid0] [raid1] [raid6] [raid5] [raid4] [raid10] 
md3 : active raid6 sda1[8] sdh1[7] sdg1[6] sdf1[5] sde1[11] sdd1[3] sdc1[10] sdb1[9](S) sdd2[12](S)
      11720542208 blocks super 1.2 level 6, 64k chunk, algorithm 2 [8/8] [UUUUUUUU]

md127 : active raid1 nvme0n1p2[0] nvme1n1p2[1]
      487253824 blocks [2/2] [UU]

md0 : active raid1 nvme0n1p1[0] nvme1n1p1[1](F)
      975296 blocks [2/1] [U_]
      bitmap: 0/1 pages [0KB], 65536KB chunk

md4 : inactive raid1 sda3[0](F) sdb3[1](S)
      20954112 blocks [2/2] [UU]

md6 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]
      976630464 blocks [2/1] [U_]
      [=>...................]  recovery =  8.5% (83886080/976630464) finish=103.9min speed=143210K/sec

md8 : active raid1 sdb1[1] sda1[0] sdc[2](S) sde[3](S)
      976630464 blocks [2/2] [UU]
      [=>...................]  resync = 10.0% (97663046/976630464) finish=103.9min speed=143210K/sec

md20 : active raid1 sda3[0] sdb3[1]
      4189184 blocks super 1.2 [2/2] [UU]
      [=>...................]  check =  5.7% (240128/4189184) finish=0.2min speed=114176K/sec

md7 : active raid6 sdb1[0] sde1[3] sdd1[2] sdc1[1](F)
      15627789312 blocks super 1.2 level 6, 512k chunk, algorithm 2 [4/3] [U_UU]
      bitmap: 0/30 pages [0KB], 65536KB chunk

md9 : active raid1 sdc2[2] sdd2[3] sdb2[1] sda2[0] sde[4](F) sdf[5](F) sdg[6](S)
      1046528 blocks super 1.2 [4/4] [UUUU]
      	resync=DELAYED

md10 : active raid0 sda1[0] sdb1[1]
      209584128 blocks 64k chunks

md11 : active (auto-read-only) raid1 sdb2[0] sdc2[1] sdc3[2](F) sdd2[4](S) sde2[3](S)
      8379392 blocks super 1.2 [2/2] [UU]
      	resync=PENDING

md126 : active raid0 sdb[1] sdc[0]
      1953519616 blocks super external:/md125/0 128k chunks

md125 : inactive sdb[2](S) sdc[1](S) sda[0](S)
      5288 blocks super external:imsm

md22 : active linear sda1[1] sdb1[0]
      3141632 blocks super 1.2 0k rounding

md21 : active (read-only) raid0 sdb[2] sdd[1] sdc[0]
      645120 blocks super 1.2 512k chunks

md5 : active raid5 sdd1[4] sdc1[2] sdb1[1] sda1[0]
      11720661504 blocks super 1.2 level 5, 64k chunk, algorithm 2 [4/4] [UUUU]
      [====>................]  reshape = 21.4% (836202496/3906887168) finish=1233.1min speed=41500K/sec
      bitmap: 3/22 pages [12KB], 65536KB chunk

md13 : active raid10 sdd[3] sdc[2] sdb[1] sda[0]
      3906762752 blocks super 1.2 512K chunks 2 near-copies [4/4] [UUUU]
      bitmap: 2/15 pages [8KB], 65536KB chunk

md_d0 : active raid5 sdd1[3](W) sdc1[2](J) sdb1[1](R) sda1[0]
      11720661504 blocks level 5, 64k chunk, algorithm 2 [4/4] [UUUU]

md2 : broken raid0 sdb[1] sdc[0]
      1953519616 blocks super 1.2 128k chunks

md15 : active (auto-read-only) raid1 nvme0n1p2[0]
      487253824 blocks [2/1] [U_]
        recovery=DELAYED

unused devices: <none>
)";

}  // namespace virgo
